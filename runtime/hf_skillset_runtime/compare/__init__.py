"""How two results, or two models, are compared."""
