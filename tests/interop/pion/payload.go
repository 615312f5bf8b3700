// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
)

// Every message of the load: sequence, time of sending, filling that differs from one message to the
// next, and the CRC-32 of what is before it: cheap enough that checking it is no part of the figures.
const headerSize = 16
const hashSize = 4

// The header of addressed messages: flags, the other member's id, the topic's number (protocol.md).
const addressSize = 17

// In the sequence of a message that one publisher of several sent: above its own number, which it is.
const publisherShift = 48

var filling = func() []byte {
	bytes := make([]byte, maxMessage+256)
	rand.New(rand.NewSource(1)).Read(bytes)
	return bytes
}()

func fill(buffer []byte, sequence uint64) {
	end := len(buffer) - hashSize
	copy(buffer[headerSize:end], filling[sequence%251:])
	binary.BigEndian.PutUint64(buffer, sequence)
	binary.BigEndian.PutUint64(buffer[8:], uint64(time.Now().UnixNano()))
	binary.BigEndian.PutUint32(buffer[end:], crc32.ChecksumIEEE(buffer[:end]))
}

func intact(message []byte) bool {
	end := len(message) - hashSize
	return end >= headerSize && binary.BigEndian.Uint32(message[end:]) == crc32.ChecksumIEEE(message[:end])
}

type receiver struct {
	// set before it runs
	sample     uint64        // within the window the latency of every sample-th message is kept; 0: of every 16th
	lossy      bool          // gaps in the sequence are counted, not wrong
	addressed  bool          // messages have a header, whose numbers are checked too
	publishers []uint64      // of several: the number after each one's last
	rest       time.Duration // before it reads the next message

	next      uint64 // atomic: the number after the last one's
	count     uint64 // atomic
	last      int64  // atomic: when the last one came (Unix ns)
	damaged   uint64
	disorder  uint64
	skipped   uint64
	longest   int64   // ns between two messages within the window
	latencies []int64 // ns
	number    uint64  // the topic's, of the last message
}

func (r *receiver) unwrap(message []byte) []byte {
	if !r.addressed {
		return message
	}
	if len(message) < addressSize {
		return nil
	}
	number := binary.BigEndian.Uint64(message[9:])
	if r.number != 0 && number != r.number+1 {
		r.disorder++
	}
	r.number = number
	return message[addressSize:]
}

func (r *receiver) order(sequence uint64) {
	next := &r.next
	if r.publishers != nil {
		next = &r.publishers[sequence>>publisherShift]
		sequence &= 1<<publisherShift - 1
	}
	expected := atomic.LoadUint64(next)
	if sequence < expected || sequence > expected && !r.lossy {
		r.disorder++
	} else {
		r.skipped += sequence - expected
	}
	atomic.StoreUint64(next, sequence+1)
}

func (r *receiver) take(message []byte, measured bool) {
	message = r.unwrap(message)
	if !intact(message) {
		r.damaged++
		return
	}
	sequence := binary.BigEndian.Uint64(message)
	r.order(sequence)
	now := time.Now().UnixNano()
	if measured {
		if gap := now - atomic.LoadInt64(&r.last); gap > r.longest {
			r.longest = gap
		}
		if every := r.sample; every == 1 || every == 0 && sequence%16 == 0 || every > 1 && sequence%every == 0 {
			r.latencies = append(r.latencies, now-int64(binary.BigEndian.Uint64(message[8:])))
		}
	}
	atomic.StoreInt64(&r.last, now)
	atomic.AddUint64(&r.count, 1)
}

func (r *receiver) run(raw datachannel.ReadWriteCloser, measuring *int32) {
	buffer := make([]byte, maxMessage)
	for {
		n, _, err := raw.(*datachannel.DataChannel).ReadDataChannel(buffer)
		if err != nil {
			return
		}
		r.take(buffer[:n], atomic.LoadInt32(measuring) == 1)
		if r.rest > 0 {
			time.Sleep(r.rest)
		}
	}
}

// begin is called when the window begins: silence from then on counts.
func (r *receiver) begin(now time.Time) {
	atomic.StoreInt64(&r.last, now.UnixNano())
}
