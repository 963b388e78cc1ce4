-- Format 12: what filters and rankings read of every paper, without the pages that contain the abstracts.
CREATE INDEX paper_facts ON paper (published, listed, votes, added, source);
