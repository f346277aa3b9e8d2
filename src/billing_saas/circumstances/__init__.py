"""What staff record of a patient: a bankruptcy, a death, a dispute, mail that came back. It stops asking."""
