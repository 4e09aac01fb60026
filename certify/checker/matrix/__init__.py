"""What a certificate proves of a symmetric matrix: copositivity and complete positivity."""
