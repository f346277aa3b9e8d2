"""How a practice and a partner exchange files: their ids, test or production, our control numbers and theirs."""
