"""What a plugin is in this process: identified, parsed, checked and ordered. Pure Python."""
