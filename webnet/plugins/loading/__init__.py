"""Everything that bends Django so that a bad plugin harms nothing but itself."""
