// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"encoding/binary"
	"testing"
)

func message(sequence uint64, size int) []byte {
	buffer := make([]byte, size)
	fill(buffer, sequence)
	return buffer
}

func addressed(number, sequence uint64) []byte {
	header := make([]byte, addressSize)
	binary.BigEndian.PutUint64(header[9:], number)
	return append(header, message(sequence, 64)...)
}

func feed(r *receiver, messages ...[]byte) *receiver {
	for _, m := range messages {
		r.take(m, true)
	}
	return r
}

func expect(t *testing.T, r *receiver, count, damaged, disorder, skipped uint64) {
	t.Helper()
	if r.count != count || r.damaged != damaged || r.disorder != disorder || r.skipped != skipped {
		t.Errorf("count %d, damaged %d, disorder %d, skipped %d", r.count, r.damaged, r.disorder, r.skipped)
	}
}

func TestEveryByteIsChecked(t *testing.T) {
	for i := 0; i < 64; i++ {
		m := message(7, 64)
		m[i] ^= 0x10
		expect(t, feed(&receiver{next: 7}, m), 0, 1, 0, 0)
	}
	expect(t, feed(&receiver{}, nil, make([]byte, headerSize)), 0, 2, 0, 0)
	expect(t, feed(&receiver{}, message(0, 64)[:63]), 0, 1, 0, 0)
}

func TestContentDiffersFromOneToTheNext(t *testing.T) {
	first, second := message(1, 16384), message(2, 16384)
	copy(first[8192:], second[8192:len(second)-hashSize])
	expect(t, feed(&receiver{next: 1}, first), 0, 1, 0, 0)
}

func TestOrder(t *testing.T) {
	m := func(n uint64) []byte { return message(n, 64) }
	expect(t, feed(&receiver{}, m(0), m(1), m(2)), 3, 0, 0, 0)
	expect(t, feed(&receiver{}, m(0), m(2)), 2, 0, 1, 0)
	expect(t, feed(&receiver{}, m(0), m(0)), 2, 0, 1, 0)
	expect(t, feed(&receiver{}, m(1)), 1, 0, 1, 0)
	expect(t, feed(&receiver{lossy: true}, m(0), m(3), m(2)), 3, 0, 1, 2)
}

func TestOrderOfSeveralPublishers(t *testing.T) {
	m := func(publisher, n uint64) []byte { return message(publisher<<publisherShift|n, 64) }
	r := &receiver{publishers: make([]uint64, 2)}
	expect(t, feed(r, m(1, 0), m(0, 0), m(1, 1)), 3, 0, 0, 0)
	expect(t, feed(r, m(0, 2)), 4, 0, 1, 0)
}

func TestAddressed(t *testing.T) {
	expect(t, feed(&receiver{addressed: true}, addressed(5, 0), addressed(6, 1)), 2, 0, 0, 0)
	expect(t, feed(&receiver{addressed: true}, addressed(5, 0), addressed(7, 1)), 2, 0, 1, 0)
	expect(t, feed(&receiver{addressed: true}, message(0, 64)), 0, 1, 0, 0)
}
