"""What a statement looks like on paper: letterhead, rows, coupon, QR code; drawn by the thousand."""
