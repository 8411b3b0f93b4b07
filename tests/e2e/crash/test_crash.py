"""A small fixed set of the proof; all of it is `make check-crash`."""

from crash import prove


def test_published_exactly_once_whatever_breaks(network, monkeypatch):
    monkeypatch.setenv("CRIER_BINARY", str(prove.BINARY))
    said = []
    proof = prove.Proof(network, 2, said.append)
    try:
        prove.quick(proof)
        said.append(proof.summary())
    finally:
        proof.close()
    print("\n".join(said))
    assert not proof.failures, "\n".join(line for line in said if line.startswith("FAILED"))
    assert proof.counts["crashes"] >= 12 and proof.counts["found"] and proof.counts["twins"]
