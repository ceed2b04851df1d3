"""Builds the compiled parts. Without a C compiler the installation succeeds and dpkt decodes alone."""

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

try:
    from Cython.Build import cythonize
except ImportError:  # built without isolation and without Cython
    cythonize = None

FAST = (
    *("activity", "capture", "decode", "flowtable", "observations.bacnet", "payloads", "picking"),
    *("report", "transfers.coap", "transfers.tftp"),
)
"""Packages with a module ``fast``."""

EXTENSIONS = [
    Extension(
        f"analyzer.{package}.fast",
        [f"analyzer/{package.replace('.', '/')}/fast.pyx"],
        depends=["analyzer/decode/crc32.h"] if package == "decode" else [],
        optional=True,
    )
    for package in FAST
]


class OptionalBuild(build_ext):
    """Goes on whatever fails: setuptools' own ``optional`` lets the lack of a compiler pass as an error."""

    def finalize_options(self):
        """Compile side by side, on all processors, unless ``-j`` says otherwise."""
        super().finalize_options()
        if self.parallel is None:
            self.parallel = True

    def build_extension(self, ext):
        """Build one extension, or say why not."""
        try:
            super().build_extension(ext)
        except Exception as error:  # compilers fail in their own ways
            self.warn(f"{ext.name} is left out, dpkt will decode alone: {error}")


setup(
    # The generated C stays in the build directory, also when the extensions are built in place.
    ext_modules=cythonize(EXTENSIONS, build_dir="build/cython", quiet=True) if cythonize else [],
    cmdclass={"build_ext": OptionalBuild},
)
