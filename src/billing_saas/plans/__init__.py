"""A debt paid in instalments: disclosed, accepted, charged by the month, missed and mended."""
