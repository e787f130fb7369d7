"""What an attacker finds, and what an administrator is kept from doing by mistake."""
