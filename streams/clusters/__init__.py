"""Groups of travellers: who belongs together, and what the rules for groups say of them."""
