// Checks a log and proofs that zhiheng wrote with somebody else's code: the tlog and note packages
// of golang.org/x/mod (Debian golang-golang-x-mod-dev), which run the Go checksum database.
//
//	oracle LOG-KEY-FILE WITNESS-KEY-FILE LOG-DIR PROOF.tlog-proof...
//
// Prints a line a check and "N passed, N failed".
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var passed, failed int

func check(what string, err error) bool {
	if err != nil {
		failed++
		fmt.Printf("FAILED: %s: %v\n", what, err)
		return false
	}
	passed++
	return true
}

func must(err error) {
	if err != nil {
		fmt.Println("FAILED:", err)
		fmt.Println("0 passed, 1 failed")
		os.Exit(1)
	}
}

func read(path string) []byte {
	b, err := os.ReadFile(path)
	must(err)
	return b
}

// cosigner verifies cosignature/v1 of C2SP tlog-cosignature, a type that package note lacks.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, errors.New("not a cosigner's key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	id := binary.BigEndian.Uint32(sum[:4])
	if fmt.Sprintf("%08x", id) != parts[1] {
		return nil, errors.New("key id differs")
	}
	return &cosigner{parts[0], id, ed25519.PublicKey(key[1:])}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.id }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

// open verifies a checkpoint and takes it apart.
func open(text []byte, want int, verifiers ...note.Verifier) (tlog.Tree, error) {
	n, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(n.Sigs) < want {
		return tlog.Tree{}, fmt.Errorf("%d signatures verified, not %d", len(n.Sigs), want)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, errors.New("too few lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

// tiles reads C2SP tlog-tiles; package tlog has the height in its paths, the C2SP text does not.
type tiles struct{ dir string }

func (t tiles) Height() int                     { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range list {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if os.IsNotExist(err) && tile.W < 256 {
			data, err = os.ReadFile(filepath.Join(t.dir, strings.SplitN(path, ".p/", 2)[0]))
			if err == nil {
				data = data[:tile.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

// entries gives the record hashes of the bundles.
func entries(dir string, size int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: 8, L: 0, N: n, W: 256}
		if size-n*256 < 256 {
			tile.W = int(size - n*256)
		}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		for len(data) >= 2 {
			length := int(binary.BigEndian.Uint16(data))
			if len(data) < 2+length {
				return nil, errors.New(path + " is cut short")
			}
			out = append(out, tlog.RecordHash(data[2:2+length]))
			data = data[2+length:]
		}
	}
	if int64(len(out)) != size {
		return nil, fmt.Errorf("%d entries, not %d", len(out), size)
	}
	return out, nil
}

// history splits notes that stand one after another.
func history(text []byte) [][]byte {
	var out [][]byte
	for len(text) > 0 {
		at := bytes.Index(text, []byte("\n\n— "))
		if at < 0 {
			break
		}
		end := at + 2
		for bytes.HasPrefix(text[end:], []byte("— ")) {
			end += bytes.IndexByte(text[end:], '\n') + 1
		}
		out = append(out, text[:end])
		text = text[end:]
	}
	return out
}

func checkProof(path string, leaves []tlog.Hash, verifiers ...note.Verifier) error {
	parts := strings.SplitN(string(read(path)), "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) < 2 {
		return errors.New("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := open([]byte(parts[1]), len(verifiers), verifiers...)
	if err != nil {
		return err
	}
	if index >= int64(len(leaves)) {
		return errors.New("index beyond the log")
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaves[index])
}

func main() {
	if len(os.Args) < 4 {
		fmt.Println("usage: oracle LOG-KEY-FILE WITNESS-KEY-FILE LOG-DIR PROOF...")
		os.Exit(2)
	}
	log, err := note.NewVerifier(strings.TrimSpace(string(read(os.Args[1]))))
	must(err)
	witness, err := newCosigner(string(read(os.Args[2])))
	must(err)
	dir := os.Args[3]

	tree, err := open(read(filepath.Join(dir, "checkpoint")), 2, log, witness)
	if !check("checkpoint and cosignature", err) {
		os.Exit(1)
	}
	leaves, err := entries(dir, tree.N)
	if !check("entry bundles", err) {
		os.Exit(1)
	}
	// TileHashReader proves every tile it reads against the root.
	reader := tlog.TileHashReader(tree, tiles{dir})
	for i, leaf := range leaves {
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
		if err == nil && hashes[0] != leaf {
			err = errors.New("tile and bundle differ")
		}
		if i%37 == 0 || err != nil {
			check(fmt.Sprintf("entry %d in its tile", i), err)
		}
	}
	last := tlog.Tree{}
	for i, text := range history(read(filepath.Join(dir, "checkpoints"))) {
		one, err := open(text, 1, log)
		if !check(fmt.Sprintf("checkpoint %d", i), err) {
			continue
		}
		root, err := tlog.TreeHash(one.N, reader)
		if err == nil && root != one.Hash {
			err = errors.New("root differs")
		}
		check(fmt.Sprintf("root of checkpoint %d", i), err)
		if last.N > 0 {
			proof, err := tlog.ProveTree(one.N, last.N, reader)
			if err == nil {
				err = tlog.CheckTree(proof, one.N, one.Hash, last.N, last.Hash)
			}
			check(fmt.Sprintf("checkpoint %d continues the one before", i), err)
		}
		last = one
	}
	for _, path := range os.Args[4:] {
		check(path, checkProof(path, leaves, log, witness))
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
