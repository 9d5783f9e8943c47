"""The same problems, solved by lzjax and by what one would use instead.

Each `with_*.py` has one function, `runs(problem, quick)`, which gives `Run`s. A package
that is not installed raises ImportError there, and is left out.
"""
