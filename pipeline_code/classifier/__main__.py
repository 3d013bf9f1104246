"""Compile the kernel ahead, for the image and for the laptop: importing it does that."""

from pipeline_code.classifier import compiled, model, unknown

if __name__ == "__main__":
    print(f"{model.__name__}, {unknown.__name__}: compiled into {compiled.cache_folder()}")
