"""Builds the compiled parts, and prepares the shipped sheets. Whatever fails, the installation succeeds.

Without a C compiler dpkt decodes alone; sheets that are not prepared are read whenever a command starts.
"""

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

try:
    from Cython.Build import cythonize
except ImportError:  # built without isolation and without Cython
    cythonize = None

FAST = (
    *("activity", "capture", "decode", "flowtable", "kinds", "observations.bacnet", "payloads"),
    *("picking", "report", "transfers.coap", "transfers.tftp"),
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

    def build_extensions(self):
        """Build all of them without debugging data: it is five sixths of each, and Python asks for it."""
        if self.compiler.compiler_type == "unix":
            for ext in self.extensions:
                ext.extra_compile_args = [*ext.extra_compile_args, "-g0"]
        super().build_extensions()

    def build_extension(self, ext):
        """Build one extension, or say why not."""
        try:
            super().build_extension(ext)
        except Exception as error:  # compilers fail in their own ways
            self.warn(f"{ext.name} is left out, dpkt will decode alone: {error}")


class PreparedSheets(build_py):
    """Writes the shipped sheets down as Python beside them, so that no command has to read YAML for them."""

    def run(self):
        """Prepare the sheets after all else was copied, or say why not."""
        super().run()
        here = Path(__file__).resolve().parent
        folder = here / "rulesets" if self.editable_mode else Path(self.build_lib, "analyzer", "shipped")
        sys.path.insert(0, str(here))
        try:
            from analyzer import rulesets  # noqa: PLC0415 - needs the path

            (folder / "_sheets.py").write_text(rulesets.prepare(here / "rulesets"), encoding="utf-8")
        except Exception as error:  # above all: built without isolation and without PyYAML
            self.warn(f"the shipped sheets are not prepared: {error}")
        finally:
            sys.path.remove(str(here))


setup(
    # The generated C stays in the build directory, also when the extensions are built in place.
    ext_modules=cythonize(EXTENSIONS, build_dir="build/cython", quiet=True) if cythonize else [],
    cmdclass={"build_ext": OptionalBuild, "build_py": PreparedSheets},
)
