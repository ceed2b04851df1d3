"""Builds the compiled parts. Without a C compiler the installation succeeds and dpkt decodes alone."""

from Cython.Build import cythonize
from setuptools import Extension, setup

FAST = ("capture", "decode", "flowtable")
"""Packages with a module ``fast``."""

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"analyzer.{package}.fast",
                [f"analyzer/{package}/fast.pyx"],
                depends=["analyzer/decode/crc32.h"] if package == "decode" else [],
                optional=True,
            )
            for package in FAST
        ],
        build_dir="build/cython",
    )
)
