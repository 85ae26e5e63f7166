# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The runtime that every `hf_<model_type>` package shares.

| module | content |
| --- | --- |
| `skillset`, `initializers`, `loading`, `hub` | the skillset class, `init_<platform>`, processors |
| `serving/` | handlers: batches, streams, the queue |
| `calls/` | isolation of concurrent calls |
| `tasks/`, `media/` | shared code of tasks; loading of text, images, audio, video, series, tables |
| `platforms/`, `export/` | base classes of platforms; exported graphs |
| `compare/`, `self_test/` | comparison of two platforms; `__test__` |
| `command_line`, `mock` | `python -m hf_<model_type>`; the mock of a missing platform |
| `testing/` | tiny checkpoints and the tests that every package runs |

Importing it imports neither torch nor numpy.
"""
