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
    Cue.ID: r"""d\.?n\.?i\.? n\.?i\.?e\.? n\.?i\.?f\.? n\.?i\.?t\.? rut r\.u\.t\.? run curp rfc cuit cuil c\.?u\.?i\.?[lt]\.?
        c\.?p\.?f\.?(?:/mf)? c[eé]dula c\.?\s?c\.? ciudadan[ií]a cidad[aã]o documento? identidad identidade
        identificaci[oó]n identifica[cç][aã]o contribuinte contribuyente citizen\scard tax\sid id\scard national\sid
        identity\scard identificad[oa]""",
    Cue.PHONE: r"""tel tels telf? tlfn? tfno tfn tlm tel[eé]fonos? tel[eé]fonic[oa] telefones? telem[oó]ve(?:l|is)
        telephone phone phones phoned fones? fonos? m[oó]vil(?:es)? mobile mob cell? cel celular(?:es)? celu
        wh?ats?app whats wasap guasap wpp zap fijo fixo landline ll[aá]m(?:a|e|ad|en|ame|eme|enme|adme|adnos)\w* llamar(?:me|nos)?
        call(?:s|ed|ing)? text(?:s|ed|ing)? ring rang dial(?:led)? voicemail reach contact contacto contato marc(?:ar|ad|ame|arme) marquen liga(?:r|me|-me|-nos)?
        ligue(?:-me|m)? liguem? sms localizar(?:me|nos)? comun[ií](?:car|qu)\w* pix n[uú]mero\snuevo n[uú]mero\snovo
        my\snumber mi\sn[uú]mero meu\sn[uú]mero""",
    Cue.CARD: r"""tarjetas? cart(?:[aã]o|[oõ]es) cards? visa mastercard master amex american\sexpress maestro elo
        hipercard d[eé]bito cr[eé]dito debit credit""",
    Cue.VERSION: r"""versi[oó]n(?:es)? versions? vers[aã]o vers[oõ]es v ver firmware build release app android ios windows
        chrome firefox safari driver actualic\w* actualiz\w* atualiz\w* upgrade\w* update\w* software""",
    Cue.IP: r"""ips? address(?:es)? direcci[oó]n endere[cç]o ipv login logged acces+o?s? conex[aã]o conexi[oó]n""",
    Cue.THING: r"""pedidos? orden ordenes [oó]rdenes orders? ord encomendas? compra n[uú]mero\sde\spedido ref refs referencia
        refer[eê]ncia reference multibanco entidade tickets? incidencia inc expediente caso case claim casos protocolo
        processo chamado seguimiento tracking rastreo rastreio rastreamento gu[ií]a localizador env[ií]o shipment
        objeto factura facturas fatura faturas invoices? nota nf-?e boleto bilhete ticket\sno contrato contract
        p[oó]liza policy ap[oó]lice serie s[eé]rie serial n/s s/n imei sku ean isbn upc barcode barras modelo model part
        c[oó]digos? codes? otp pin clave senha lote batch error erro cif cnpj vat reg cep cp zip meter medidor contador
        leitura lectura reading reserva booking confirmation vuelo voo flight saldo importe total fecha data date ctt
        usps fedex dhl ups correos coordenadas latitude longitude placa matr[ií]cula chassi cuenta\sde\scliente id""",
}


KINDS = [(cue, re.compile("|".join(words.split())).fullmatch) for cue, words in WORDS.items()]
WORD = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*").findall
NAMED_BY = re.compile(r"(?P<before>.?.?)(?<![^\W_])(?P<word>[^\W\d_]{2,})(?: ?(?:n\.?[.ºo°]|[:#]))? ?$", re.IGNORECASE)
NO_NAMES = frozenset(
    "el la los al del en es era son fue un una mi mis su tu este esta ese eso por para con sin desde hasta de que si no ya "
    "nuevo viejo otro aquí ahora apunten numero número a o y e u "
    "the is are was it its at on in to of by for from with and or this that my your new old other use try number now "
    "não nao do da dos das ao aos os as um uma meu minha esse isso pelo pela com sem novo velho outro agora é eh foi são "
    "ou use usa usen anota anoten anote".split()
)


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
        if cue := _announced(words[number]) or (number and _announced(f"{words[number - 1]} {words[number]}")):
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
