"""Reading hidden code without running it: constants are folded, encodings are undone, escapes are taken out."""
