"""The proof: every fault raised for its real cause, and what the client made of it."""
