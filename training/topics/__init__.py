"""How the model of topic guardrails was made: the encoder's export, the matcher's training."""
