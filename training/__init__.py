"""How it gets better: data sets, training, promotion."""
