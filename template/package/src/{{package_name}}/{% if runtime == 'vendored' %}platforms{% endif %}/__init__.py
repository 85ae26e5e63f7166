"""The platforms of this package, one folder for each; `registry.json` lists them.

Nothing here is imported before a platform is asked for.
"""
