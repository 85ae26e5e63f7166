# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What every `hf_<model_type>` package has in common.

| room | what it holds |
| --- | --- |
| `skillset`, `endpoint`, `initializers`, `loading` | the class, its handlers |
| `tasks/` | what the modules of tasks share |
| `media/` | text, images, audio, video, series and tables on their way in |
| `platforms/`, `export/` | what the platforms share; what those share that export graphs |
| `compare/` | how two results are compared |
| `self_test`, `command_line`, `mock` | `__test__`, `python -m hf_<model_type>`, the stand-in |
| `testing/` | the tests that every package runs |

Importing it imports nothing else: no torch, no numpy.
"""
