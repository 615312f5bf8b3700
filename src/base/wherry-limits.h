/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every limit on what the network may make us hold or do, by name, with its reason. */

#define WHERRY_KIB 1024u
#define WHERRY_MIB (1024u * 1024u)

/* Items handled in one dispatch, so that timers and other sources are never starved. */
#define WHERRY_DISPATCH_BATCH 64u

/* Threads that may carry all peers together: as many as a large machine has processors. */
#define WHERRY_PEER_THREADS_MAX 64u
/* Threads kept for the next peers, so that a few rooms that come back find theirs: each that ends
 * costs 192 bytes for good (GnuTLS), each parked about 80 KiB while it is. */
#define WHERRY_PARKED_THREADS_MAX 256u
/* A page that is loaded again is back in seconds; what is parked longer was a burst. */
#define WHERRY_PARKED_IDLE_US (60 * G_USEC_PER_SEC)

/* DTLS packets held before ICE is connected, SCTP packets before DTLS is up: a handshake's flight
 * is at most a few packets; the rest is retransmitted. */
#define WHERRY_EARLY_PACKETS_MAX 32u
#define WHERRY_EARLY_BYTES_MAX (64u * WHERRY_KIB)

/* Largest datagram that we take: browsers' ClientHello records come in datagrams of up to 1461. */
#define WHERRY_DATAGRAM_MAX 2048u
/* RFC 8831 section 5: 1200 bytes of UDP payload pass nearly everywhere. */
#define WHERRY_MTU 1200u

/* What we announce as a=max-message-size (RFC 8841 section 6): Chromium announces the same. */
#define WHERRY_MAX_MESSAGE_SIZE_DEFAULT (256u * WHERRY_KIB)
/* RFC 8841 section 6.1: what an absent a=max-message-size means. */
#define WHERRY_MAX_MESSAGE_SIZE_ABSENT (64u * WHERRY_KIB)
/* What a program may give to a channel of the library ahead of the network: a second at 8 Mbit/s.
 */
#define WHERRY_SEND_BUFFER_LIMIT_DEFAULT (1u * WHERRY_MIB)
/* Channels of one connection of the library: as many as the other side may ask streams for. */
#define WHERRY_CHANNELS_PER_CONNECTION 1024u
/* What a connection of the library holds received for a program that does not run its loop, or has
 * no handler yet; then the association is not read until it is below the low mark. */
#define WHERRY_UNDELIVERED_HIGH (1u * WHERRY_MIB)
#define WHERRY_UNDELIVERED_LOW (256u * WHERRY_KIB)

/* Streams at the start: 128 cost 13 KiB an association, 65535 cost 6.5 MiB. */
#define WHERRY_SCTP_STREAMS_INITIAL 128u
/* ...and so many for each channel that a peer may have. Ids of channels opened in band alternate
 * between the two sides (RFC 8832 section 6), and some stacks do not take an id again. */
#define WHERRY_SCTP_STREAMS_PER_CHANNEL 4u
/* Streams that the other side may ask for: 40 bytes each as soon as it does, and browsers ask for
 * 65535 at once. usrsctp cannot raise it later, so a channel with a higher id must be known before
 * the handshake. */
#define WHERRY_SCTP_STREAMS_INCOMING 1024u
/* What usrsctp 0.9.5 keeps for a stream: 64 bytes outgoing, 40 incoming; measured. */
#define WHERRY_SCTP_STREAM_BYTES 104u
/* How long a request for streams may go unanswered: dcsctp (Chromium, Firefox) and pion never
 * answer one, others within some round trips. */
#define WHERRY_SCTP_STREAMS_LIMIT_US (10 * G_USEC_PER_SEC)
/* All members' streams beyond the initial ones may take one part in so many of the memory budget:
 * unlike messages they stay until their member leaves. */
#define WHERRY_STREAMS_SHARE 4u
/* RFC 8832 section 6: stream 65535 is not used, 65534 is. */
#define WHERRY_SCTP_STREAMS_MAX 65535u
/* What SCTP holds to send: about one window, so that what is behind it can still be dropped. A
 * receiver with Linux's default socket buffer (212992 bytes, of which a packet of 1200 takes 2304)
 * holds 92 packets: a window of 128 KiB overflowed it whenever its process was late, and cost a
 * third more CPU. 64 KiB bound one association to 640 KB/s at a round trip of 100 ms. */
#define WHERRY_SCTP_SNDBUF (64u * WHERRY_KIB)
/* With I-DATA (RFC 8260): what goes past a large message that is under way, at most so large each
 * and so much beyond WHERRY_SCTP_SNDBUF, which the large one keeps full. A quarter and a half of
 * it: enough for every small message of a round trip. */
#define WHERRY_SCTP_SMALL_MAX (16u * WHERRY_KIB)
#define WHERRY_SCTP_SNDBUF_PAST (32u * WHERRY_KIB)
/* A larger one waits until nothing else is under way: beside a large one of which usrsctp gathers
 * 128 KiB before it hands over any, it still fits into a receive buffer like ours. */
#define WHERRY_SCTP_BESIDE_MAX (64u * WHERRY_KIB)
/* What an end of a connection inside the process holds that was not read: SCTP's window. */
#define WHERRY_LOCAL_STREAM_WINDOW (64u * WHERRY_KIB)
/* Credit of a tunnel's end: as much as an association's receive buffer, and well below what may
 * wait for a signaling socket (WHERRY_SIGNAL_OUT_MAX). The least that is taken: one fragment of a
 * large message beside the part that is kept for small ones. */
#define WHERRY_TUNNEL_WINDOW (256u * WHERRY_KIB)
#define WHERRY_TUNNEL_WINDOW_MIN (32u * WHERRY_KIB)
/* A client that is not connected so long after it has joined asks for a tunnel: what a way over a
 * slow network takes, and short enough to be talking within 5 s. WebRTC is tried again after
 * RETURN, then after twice as long, and so on. */
#define WHERRY_TUNNEL_AFTER_US (5 * G_USEC_PER_SEC / 2)
#define WHERRY_TUNNEL_RETURN_US (5 * G_USEC_PER_SEC)
#define WHERRY_TUNNEL_RETURN_LONGEST_US (300 * G_USEC_PER_SEC)
/* Of a tunnel: large messages under way, and resets that were not answered. */
#define WHERRY_TUNNEL_UNFINISHED_MAX 4u
#define WHERRY_TUNNEL_RESETS_MAX 1024u
/* Unfinished messages of one association, in largest messages: those that still split messages by
 * PPID (RFC 8831 section 6.6) may have one on each of a few channels. What is unfinished counts
 * against everybody's memory budget. */
#define WHERRY_SCTP_UNFINISHED_MAX 4u
/* And so many bytes, if that is more, of what lacks a fragment or waits for the message before it:
 * SCTP takes 4096 packets beyond one that is missing, which is 5 MiB; and with I-DATA a sender may
 * have a message under way on every channel, as Firefox does: 32 channels' largest by default. */
#define WHERRY_SCTP_UNFINISHED_BYTES (8u * WHERRY_MIB)
/* What is held of channels whose OPEN came before our reset of the stream was confirmed: one
 * largest message, and some small ones. */
#define WHERRY_CHANNEL_HELD_MAX (WHERRY_MAX_MESSAGE_SIZE_DEFAULT + 64u * WHERRY_KIB)
/* Unfinished messages of all associations may take one part in so many of the memory budget; beyond
 * it the one that has most of them ends. Were they the whole budget, nobody would be read, and none
 * of them would ever be finished. */
#define WHERRY_UNFINISHED_SHARE 2u
/* What SCTP holds received while we do not read. */
#define WHERRY_SCTP_RCVBUF (256u * WHERRY_KIB)

/* Descriptions: a browser's is under 2 KiB, one with many candidates under 16 KiB. */
#define WHERRY_SDP_MAX (64u * WHERRY_KIB)
#define WHERRY_SDP_LINES_MAX 1024u
/* An answer repeats every m-line in four lines; a browser offers a few, a conference some dozens.
 */
#define WHERRY_SDP_MEDIA_MAX 128u
#define WHERRY_SDP_FINGERPRINTS_MAX                                                                \
  16u                              /* one per hash and certificate: nobody sends more than two */
#define WHERRY_CANDIDATES_MAX 128u /* a peer's, over its life between ICE restarts */
#define WHERRY_CANDIDATE_LINE_MAX 512u
/* How long candidates are gathered: libnice gives a dead TURN server some 8 s, and may never end.
 */
#define WHERRY_GATHER_LIMIT_US (10 * G_USEC_PER_SEC)
/* Names of servers and mDNS candidates: each takes a thread of GLib's while it is looked up. */
#define WHERRY_ICE_LOOKUPS_ACTIVE 4u
#define WHERRY_ICE_LOOKUPS_WAITING 16u
#define WHERRY_ICE_LOOKUP_LIMIT_US (3 * G_USEC_PER_SEC)
/* mDNS candidates of one generation that are looked up: a browser has one for each address. */
#define WHERRY_MDNS_CANDIDATES_MAX 8u
/* STUN requests under way at once: our addresses times the servers. */
#define WHERRY_STUN_REQUESTS_MAX 64u
/* TCP connections to one TURN server over TLS: one for each of our addresses. */
#define WHERRY_TURN_TLS_CONNECTIONS_MAX 16u
/* Addresses come in several steps (link up, DHCP, router advertisement). */
#define WHERRY_NETWORK_SETTLE_US (1 * G_USEC_PER_SEC)
/* Beyond the 10 s after which libnice gives up: the 30 s of RFC 7675 section 5.1. */
#define WHERRY_ICE_GRACE_US (20 * G_USEC_PER_SEC)
/* A TCP and a TLS handshake take a few round trips. */
#define WHERRY_TURN_TLS_CONNECT_LIMIT_US (5 * G_USEC_PER_SEC)
/* What the relay takes as a label and a protocol: nobody needs more than this. */
#define WHERRY_LABEL_MAX 1024u
#define WHERRY_CHANNEL_PROTOCOL_MAX 256u
/* RFC 8832 section 5.1: both are counted by 16 bits. A connection of the library takes that much,
 * as a browser does (webrtc-pc section 6.1)... */
#define WHERRY_CHANNEL_NAME_MAX 65535u
/* ...and of the channels that the other side has open no more than this together. */
#define WHERRY_CHANNEL_NAMES_MAX (4u * WHERRY_MIB)

/* Signaling */
#define WHERRY_SIGNAL_MESSAGE_MAX (64u * WHERRY_KIB)
#define WHERRY_JSON_DEPTH_MAX 32u
/* Channels that one message may declare, whatever the relay is configured to take: each is compared
 * with all. */
#define WHERRY_SIGNAL_CHANNELS_MAX 1024u
#define WHERRY_SIGNAL_RATE_MESSAGES 20u
#define WHERRY_SIGNAL_RATE_BYTES (64u * WHERRY_KIB)
#define WHERRY_SIGNAL_BURST_MESSAGES 200u
#define WHERRY_SIGNAL_BURST_BYTES (256u * WHERRY_KIB)
#define WHERRY_SIGNAL_BAD_PER_MINUTE 10u
#define WHERRY_SIGNAL_OUT_MAX (1u * WHERRY_MIB)
#define WHERRY_SIGNAL_PING_INTERVAL_US (30 * G_USEC_PER_SEC)
/* From the socket's opening to its join: the module joins at once, a person who writes JSON by hand
 * may need a while. Without it an answered ping would hold a descriptor of the few for ever. */
#define WHERRY_SIGNAL_JOIN_DEADLINE_US (60 * G_USEC_PER_SEC)
/* A signed token (RFC 7519) with a generous set of claims, of which its header is a line. */
#define WHERRY_TOKEN_MAX (8u * WHERRY_KIB)
#define WHERRY_TOKEN_HEADER_MAX 1024u
#define WHERRY_TOKEN_KEY_ID_MAX 256u
/* Keys at once: two of each issuer while they are rotated. */
#define WHERRY_TOKEN_KEYS_MAX 64u
#define WHERRY_TOKEN_KEY_FILE_MAX (64u * WHERRY_KIB)
/* How far the clock of who makes tokens may be from ours. */
#define WHERRY_TOKEN_SKEW_US (30 * G_USEC_PER_SEC)
/* How long credentials for TURN let one begin to use it: what has begun goes on. */
#define WHERRY_TURN_REST_LIFETIME_US (1800 * G_USEC_PER_SEC)
/* Wrong secrets from one network, at once and a second: a person errs some times, and so do the
 * others behind the same address; 256 bits are not guessed in any time. */
#define WHERRY_GUESSES_BURST 20u
#define WHERRY_GUESSES_RATE 1u
/* Networks that are remembered for it; more share the allowance of some. */
#define WHERRY_GUESSERS_MAX 4096u
/* Joins a second from one address that is not loopback. */
#define WHERRY_JOINS_PER_ADDRESS 100u
/* Addresses that are remembered for it. */
#define WHERRY_JOIN_ADDRESSES_MAX 1024u
#define WHERRY_HTTP_HEADER_DEADLINE_US (10 * G_USEC_PER_SEC)
#define WHERRY_HTTP_CONNECTIONS_MAX 4096u
/* How long the answer to an offer by HTTP waits for candidates: without STUN and TURN servers they
 * are there at once, and a server that has not answered by then rarely will. */
#define WHERRY_HTTP_GATHER_WAIT_US (3 * G_USEC_PER_SEC)
/* Wrong addresses of members a second that one client's address may try. */
#define WHERRY_HTTP_GUESSES 10u
/* What is read of a body that is too large before its sender is told, so that it hears it. */
#define WHERRY_HTTP_DISCARD_MAX (1u * WHERRY_MIB)

/* Relay */
#define WHERRY_ROOM_NAME_MAX 128u
#define WHERRY_MEMBER_NAME_MAX 64u
#define WHERRY_MEMBERS_PER_ROOM 1000u
/* A grant's lists, each asked for every channel: more belongs into fewer, wider patterns. */
#define WHERRY_GRANT_PATTERNS_MAX 64u
#define WHERRY_GRANT_PATTERN_MAX 256u
/* A subject is an account's id, an address or a URI. */
#define WHERRY_GRANT_SUBJECT_MAX 256u
/* Bans in force at once, each some hundred bytes: more is a case for a firewall. */
#define WHERRY_BANS_MAX 4096u
/* A member's attributes: a few facts about it, which everybody in the room is told. */
#define WHERRY_ATTRIBUTES_MAX (4u * WHERRY_KIB)
/* They are passed on inside objects of ours, which nest three deep. */
#define WHERRY_ATTRIBUTES_DEPTH_MAX 24u
/* All attributes of a room: who joins is told them at once, which a socket must hold besides the
 * names of a room's members (WHERRY_SIGNAL_OUT_MAX). */
#define WHERRY_ATTRIBUTES_PER_ROOM (512u * WHERRY_KIB)
/* What a member leaves behind: a word to the others; it is held for as long as the member stays. */
#define WHERRY_WILL_MAX (16u * WHERRY_KIB)
/* Members that a client believes a server: sixteen times what a room holds by default. */
#define WHERRY_CLIENT_MEMBERS_MAX 16000u
/* What a client has sent on a topic and the relay not acknowledged: what a topic of the relay keeps
 * for members that come back, so that neither side of a resume asks more of the other. */
#define WHERRY_CLIENT_UNACKED_MAX (4u * WHERRY_MIB)
/* What waits on a client's channel behind that, or while it comes back. */
#define WHERRY_CLIENT_WAITING_MAX (4u * WHERRY_MIB)
#define WHERRY_CHANNELS_PER_MEMBER 32u
#define WHERRY_TOPICS_PER_ROOM 128u
/* A topic's history when only messages or seconds limit it. */
#define WHERRY_HISTORY_BYTES (4u * WHERRY_MIB)
/* For members that come back: what may wait for one, and what its association had taken. */
#define WHERRY_RESUME_BYTES (4u * WHERRY_MIB)
/* A phone that changes from one network to another is back in seconds; who is away longer has gone.
 */
#define WHERRY_RESUME_WINDOW_US (30 * G_USEC_PER_SEC)
/* Everything that topics keep may take one part in so many of the memory budget: it is what is on
 * its way that must not wait for it. */
#define WHERRY_LOG_SHARE 4u
/* Topics that one member began and that are still there: a quarter of a room's. Those that keep
 * messages outlive their channels, so that the number of channels is no bound. */
#define WHERRY_TOPICS_PER_MEMBER 32u
/* Rooms are made by whoever names one. */
#define WHERRY_ROOMS_MAX 1000u
/* Members from one address that is not loopback: a class behind one router, but no army. */
#define WHERRY_MEMBERS_PER_ADDRESS 100u
/* What a member that is not on loopback may send, in a second, and twice that at once: a game at 60
 * Hz with a few channels sends some hundred messages; a file goes at the speed of a good line. Each
 * is relayed to everybody in the room, so it is the room that makes it expensive. */
#define WHERRY_MESSAGE_RATE 5000u
#define WHERRY_BYTE_RATE (4u * WHERRY_MIB)
/* Being paused and read again costs more than a message: never for less than so much. */
#define WHERRY_RATE_PAUSE_US (G_USEC_PER_SEC / 10)
/* Messages on data channels, in a minute, that are no good: a client that is only out of date has a
 * recipient that just left now and then. */
#define WHERRY_BAD_FRAMES_PER_MINUTE 100u
#define WHERRY_OUTBOX_HIGH (1u * WHERRY_MIB)
#define WHERRY_OUTBOX_LOW (256u * WHERRY_KIB)
/* Topics that what was dropped and paused is counted for in each member, those of the room and as
 * many that came and went; the rest is counted together. */
#define WHERRY_OUTBOX_LABELS_MAX 256u
#define WHERRY_MEMBER_BYTES (4u * WHERRY_MIB)
#define WHERRY_MEMORY_BUDGET (512u * WHERRY_MIB)
/* A message is charged its size plus this: what its struct and queue nodes cost. */
#define WHERRY_MESSAGE_OVERHEAD 256u
#define WHERRY_BLOCK_LIMIT_US (3 * G_USEC_PER_SEC) /* below the 7 s in which consent fails */
#define WHERRY_BLOCK_WINDOW_US (30 * G_USEC_PER_SEC)
/* Members remembered for having been slow, each for one window. */
#define WHERRY_COOL_DOWNS_MAX 1024u
#define WHERRY_CONNECT_LIMIT_US (30 * G_USEC_PER_SEC)
/* What is left of it for a peer whose signaling socket has gone: nobody can tell it of a candidate
 * any more, so checks, handshake and a lost flight or two (1 s each, RFC 6347 section 4.2.4.1) are
 * all that it may still need. */
#define WHERRY_DETACHED_LIMIT_US (5 * G_USEC_PER_SEC)
/* What survives the process. A topic's messages that wait for the disk, and those of all topics: an
 * outbox's marks, and what a slow disk takes in a second. */
#define WHERRY_STORE_HIGH (1u * WHERRY_MIB)
#define WHERRY_STORE_LOW (256u * WHERRY_KIB)
#define WHERRY_STORE_BYTES (16u * WHERRY_MIB)
/* Of all that is kept there: a small server's disk has it, and a start reads it in seconds. */
#define WHERRY_HISTORY_DISK_BYTES (1024u * WHERRY_MIB)
/* One transaction: beyond these a commit's own cost is lost in the messages', and the first would
 * wait for the last. */
#define WHERRY_STORE_BATCH_MESSAGES 1024u
#define WHERRY_STORE_BATCH_BYTES (1u * WHERRY_MIB)
/* Messages deleted in one transaction besides as many as came. */
#define WHERRY_STORE_TRIM_MESSAGES 1024u
/* Deletions wait so long for a transaction to be part of. */
#define WHERRY_STORE_TRIM_DELAY_US (1 * G_USEC_PER_SEC)
/* What a message on disk is counted besides its payload: its row and its entry in the index. */
#define WHERRY_STORE_ROW_BYTES 64u
/* Operations for members that wait for the disk: as many joins as a minute of failing brings. */
#define WHERRY_STORE_OPERATIONS_MAX 8192u
/* How long a commit that fails is tried again while publishers wait: as long as a member that does
 * not read holds others back, three times over. */
#define WHERRY_STORE_STALL_LIMIT_US (10 * G_USEC_PER_SEC)
#define WHERRY_STORE_RETRY_FIRST_US (50 * 1000)
#define WHERRY_STORE_RETRY_LAST_US (1 * G_USEC_PER_SEC)
/* How long the end of the process waits for a disk that fails. */
#define WHERRY_STORE_CLOSE_US (5 * G_USEC_PER_SEC)
/* Pages of 4 KiB: when the write-ahead log goes into the file, SQLite's cache, and free ones (and a
 * quarter of all) before some are given back. */
#define WHERRY_STORE_WAL_PAGES 2000u
#define WHERRY_STORE_CACHE_BYTES (8u * WHERRY_MIB)
#define WHERRY_STORE_FREE_PAGES 1024
/* File descriptors that one more peer may need (context, ICE sockets), and what we keep free. */
#define WHERRY_FDS_PER_PEER 6u
#define WHERRY_FDS_RESERVE 64u
