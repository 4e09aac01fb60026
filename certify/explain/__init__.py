"""What a certificate proves, and where its bound is lost."""
