"""Runs a script with transformers 4.57 beside the huggingface_hub of transformers 5.

usage: python transformers4.py SCRIPT ARGS...   (PYTHONPATH begins with the folder of transformers 4.57)

Version 4.57 asks for huggingface_hub below 1.0 and a tokenizers of its time; what it uses of both to
read a local folder is the same, so only the check of versions is left out.
"""

import runpy
import sys
import types

check = types.ModuleType("transformers.dependency_versions_check")
check.dep_version_check = lambda *args, **kwargs: None
sys.modules["transformers.dependency_versions_check"] = check
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
