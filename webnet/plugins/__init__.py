"""Plugins: the kernel in pure Python (base to registry), and the state that Django keeps for it (models to manager)."""
