"""Compile the kernel ahead, for the image and for the laptop: importing it does that."""

from pipeline_code.classifier import compiled, model

if __name__ == "__main__":
    print(f"{model.__name__}: compiled into {compiled.cache_folder()}")
