"""The command line: `lzjax demo | fit | sweep | info`."""

from ._main import main as main
