"""The words before a number that say what it is: digits alone do not tell a telephone from an order."""

import re
from enum import Enum
from functools import lru_cache

REACH = 40
"""Characters before a number in which its word is looked for."""


class Cue(Enum):
    """What the nearest telling word announces."""

    ID = "id"
    PHONE = "phone"
    CARD = "card"
    VERSION = "version"
    IP = "ip"
    THING = "thing"
    NOUN = "noun"


WORDS = {
    Cue.ID: r"""
        d\.?n\.?i n\.?i\.?e n\.?i\.?f n\.?i\.?t r\.?u\.?t run curp rfc c\.?u\.?i\.?[lt] c\.?p\.?f c[eé]dula c\.?c
        documento? ciudadan[ií]a cidad[aã]o identi(?:dad|dade|ficad[oa]|ficaci[oó]n|fica[cç][aã]o) contribuinte
        contribuyente citizen\scard id\scard identity\scard tax\sid national\sid""",
    Cue.PHONE: r"""
        tels? telf? tlfn? tfno tfn tlm tel[eé]fonos? tel[eé]fonic[oa] telefones? telem[oó]ve(?:l|is) telephone
        phone[sd]? fones? fonos? m[oó]vil(?:es)? mobile mob cell? celu celular(?:es)? wh?ats?app whats wasap guasap
        wpp zap fijo fixo landline sms pix voicemail ll[aá]m(?:a|e|ad|en|ame|eme|enme|adme|adnos)\w*
        llamar(?:me|nos)? call(?:s|ed|ing)? text(?:s|ed|ing)? ring rang dial(?:led)? reach contact contacto contato
        marc(?:ar|ad|ame|arme) marquen liga(?:r|me)? ligue(?:me|m)? liguem localizar(?:me|nos)?
        comun[ií](?:car|qu)\w* n[uú]mero\snuevo n[uú]mero\snovo my\snumber mi\sn[uú]mero meu\sn[uú]mero""",
    Cue.CARD: r"""
        tarjetas? cart(?:[aã]o|[oõ]es) cards? visa mastercard master amex maestro elo hipercard d[eé]bito debit
        cr[eé]dito credit american\sexpress""",
    Cue.VERSION: r"""
        versi[oó]n(?:es)? versions? vers[aã]o vers[oõ]es v ver firmware build release app android ios windows chrome
        firefox safari driver actualic\w* actualiz\w* atualiz\w* upgrade\w* update\w* software""",
    Cue.IP: "ips? ipv address(?:es)? direcci[oó]n endere[cç]o login logged acces+o?s? conex[aã]o conexi[oó]n",
    Cue.THING: r"""
        pedidos? orden(?:es)? [oó]rdenes ord(?:ers?)? encomendas? compra refs? refer[eê]ncia reference multibanco
        entidade tickets? incidencia inc expediente casos? case claim protocolo processo chamado seguimiento
        tracking rastre(?:o|io|amento) gu[ií]a localizador env[ií]o shipment objeto facturas? faturas? invoices?
        nota nf boleto bilhete contrato contract p[oó]liza policy ap[oó]lice s[eé]rie serial imei sku ean isbn upc
        barcode barras modelo model part c[oó]digos? codes? otp pin clave senha lote batch error erro cif cnpj vat
        reg cep cp zip meter medidor contador leitura lectura reading reserva booking confirmation vuelo voo flight
        saldo importe total fecha data date ctt usps fedex dhl ups correos coordenadas latitude longitude placa
        matr[ií]cula chassi id""",
}
"""The telling words of each kind, as patterns of a whole word or two, in lower case and without a last full stop."""

KINDS = [(cue, re.compile("|".join(words.split())).fullmatch) for cue, words in WORDS.items()]
WORD = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*").findall
NAMED_BY = re.compile(r"(?P<before>.?.?)(?<![^\W_])(?P<word>[^\W\d_]{2,})(?: ?(?:n\.?[.ºo°]|[:#]))? ?$", re.IGNORECASE)
LINKING = """
    a al ahora anota anoten apunten aquí de del desde el en era es ese eso esta este fue hasta la los mi mis no
    nuevo numero número o otro para por que si sin son su tu un una usa usen viejo y con ya and at by for from in is
    it its my new now number of old on or other that the this to try use was were with your are agora ao aos as com
    da das do dos e é eh esse foi isso meu minha nao não novo os ou outro pela pelo são sem um uma uso anote velho
"""
NO_NAMES = frozenset(LINKING.split())
"""Words between a person and a number that do not say what the number is."""


def cue_before(text: str, position: int) -> Cue | None:
    """What the last telling word in the REACH characters before a position announces.

    Without one it is NOUN if the word right before says what the number is, as in "receipt 612345678", and is no
    person's name; else None.
    """
    before = text[max(0, position - REACH) : position]
    if before.rstrip().endswith("#"):
        return Cue.THING
    words = WORD(before.lower())
    for number in range(len(words) - 1, -1, -1):
        if cue := _announced(" ".join(words[max(0, number - 1) : number + 1])) or _announced(words[number]):
            return cue
    return Cue.NOUN if _is_named(before) else None


@lru_cache(maxsize=20_000)
def _announced(words: str) -> Cue | None:
    return next((cue for cue, matches in KINDS if matches(words)), None)


def _is_named(before: str) -> bool:
    match = NAMED_BY.search(before)
    if match is None or match["word"].lower() in NO_NAMES:
        return False
    return not (match["word"].istitle() and match["before"])
