# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What every `hf_<model_type>` package has in common.

| room | what it holds |
| --- | --- |
| `skillset`, `initializers`, `loading`, `hub` | the skillset class, `init_<platform>`, processors |
| `serving/` | handlers: batches, streams, the queue |
| `calls/` | what keeps one call from another |
| `tasks/`, `media/` | what task modules share; text, images, audio, video, series, tables |
| `platforms/`, `export/` | what platforms share; what those share that export graphs |
| `compare/`, `self_test/` | how two platforms are compared; `__test__` |
| `command_line`, `mock` | `python -m hf_<model_type>`; the mock of a missing platform |
| `testing/` | tiny checkpoints and the tests that every package runs |

Importing it imports nothing else: no torch, no numpy.
"""
