/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Process-wide event counters: what was dropped, refused, malformed. Every limit and every drop has
 * one. Names are the metric names (lower case, underscores). Thread: any (atomic). */

#include <glib.h>

G_BEGIN_DECLS

/* X (CONSTANT, "name", "help") */
#define WHERRY_COUNTERS(X)                                                                         \
  X (BUGS, "bugs", "defects of ours that were noticed")                                            \
  X (INBOX_REFUSED, "inbox_refused", "posts refused by a full inbox")                              \
  X (ICE_BAD_CANDIDATES, "ice_bad_candidates", "candidates that did not parse or validate")        \
  X (ICE_MDNS_IGNORED, "ice_mdns_ignored", "candidates with a .local name, ignored")               \
  X (DTLS_BAD_PACKETS, "dtls_bad_packets", "packets that are neither DTLS nor expected")           \
  X (DTLS_UNVERIFIED, "dtls_unverified", "handshakes whose fingerprint did not match")             \
  X (EARLY_DROPPED, "early_dropped", "early packets dropped because too many were held")           \
  X (SCTP_BAD_STREAM_DATA, "sctp_bad_stream_data", "messages on a stream that nobody opened")      \
  X (SCTP_BAD_PACKETS, "sctp_bad_packets", "malformed SCTP packets")                               \
  X (SCTP_BAD_PPID, "sctp_bad_ppid", "messages with an unknown payload protocol")                  \
  X (SCTP_TOO_LARGE, "sctp_too_large", "messages over the size that we take")                      \
  X (SCTP_UNFINISHED, "sctp_unfinished", "associations ended for holding most unfinished data")    \
  X (DCEP_BAD, "dcep_bad", "DCEP messages that did not parse")                                     \
  X (CHANNELS_REFUSED, "channels_refused", "channels refused by a limit")                          \
  X (TOPICS_REFUSED, "topics_refused", "topics refused by a limit")                                \
  X (ATTRIBUTES_REFUSED, "attributes_refused", "attributes refused by a limit")                    \
  X (WILLS, "wills", "last wills published")                                                       \
  X (ROOMS_REFUSED, "rooms_refused", "joins refused because there were too many rooms")            \
  X (ADDRESSES_REFUSED, "addresses_refused", "joins refused for too many members from an address") \
  X (RATE_PAUSES, "rate_pauses", "times that a member was paused for sending too much")            \
  X (OFFENDERS, "offenders", "members sent away for what they sent on data channels")              \
  X (MESSAGES_IN, "messages_in", "messages accepted from publishers")                              \
  X (MESSAGES_OUT, "messages_out", "messages handed to subscribers' associations")                 \
  X (BYTES_IN, "bytes_in", "payload bytes accepted from publishers")                               \
  X (BYTES_OUT, "bytes_out", "payload bytes handed to subscribers' associations")                  \
  X (DROPPED_OLDEST, "dropped_oldest", "messages dropped by drop-oldest")                          \
  X (DROPPED_NEWEST, "dropped_newest", "messages dropped by drop-newest")                          \
  X (DROPPED_LATEST, "dropped_latest", "messages that a newer one replaced by latest")             \
  X (DROPPED_TOO_LARGE, "dropped_too_large",                                                       \
     "deliveries over the receiver's maximum message size")                                        \
  X (DROPPED_CLOSED, "dropped_closed", "messages dropped because their channel was closing")       \
  X (DUPLICATES, "duplicates", "messages that their publisher had sent before, dropped")           \
  X (LOG_TRIMMED, "log_trimmed", "messages that all logs together had no room to keep")            \
  X (BAD_FRAMES, "bad_frames", "addressed messages with a bad header or an unknown recipient")     \
  X (NOTICES_IN, "notices_in", "messages from clients on wherry:notices, ignored")                 \
  X (PAUSES, "pauses", "times that a publisher was paused by a full outbox")                       \
  X (DISCONNECTED_FULL, "disconnected_full", "members that left by disconnect, with reason slow")  \
  X (LEFT_SLOW, "left_slow", "members that left with reason slow")                                 \
  X (LEFT_TIMEOUT, "left_timeout", "members that never connected")                                 \
  X (LEFT_FAILED, "left_failed", "members whose connection failed")                                \
  X (LEFT_KICKED, "left_kicked", "members that were kicked")                                       \
  X (LEFT_BANNED, "left_banned", "members that were banned while there")                           \
  X (LEFT_EXPIRED, "left_expired", "members whose token ended while they were there")              \
  X (HISTORY_COMMITTED, "history_committed", "messages written to disk")                           \
  X (HISTORY_FAILED, "history_failed", "messages that could not be written to disk")               \
  X (HISTORY_RETRIES, "history_retries", "commits that failed")                                    \
  X (HISTORY_REFUSED, "history_refused", "operations for the disk refused by a limit")             \
  X (JOINS, "joins", "members that joined")                                                        \
  X (MEMBERS_AWAY, "members_away", "times that a member's connection failed and it may come back") \
  X (RESUMES, "resumes", "members that came back")                                                 \
  X (RESUMES_REFUSED, "resumes_refused", "resume tokens that were worth nothing (any more)")       \
  X (JOINS_REFUSED, "joins_refused", "joins refused by a limit")                                   \
  X (JOINS_BANNED, "joins_banned", "joins refused to who is banned")                               \
  X (MESSAGES_FORBIDDEN, "messages_forbidden", "messages of who may not publish on their topic")   \
  X (GUESSES_REFUSED, "guesses_refused", "secrets not looked at after too many wrong ones")        \
  X (TOKENS_REFUSED, "tokens_refused", "tokens that did not parse or verify")                      \
  X (SOCKETS, "sockets", "signaling sockets accepted")                                             \
  X (SOCKETS_REFUSED, "sockets_refused", "signaling sockets refused or closed by a limit")         \
  X (SOCKETS_NOT_JOINED, "sockets_not_joined", "signaling sockets closed for joining no room")     \
  X (TUNNELS, "tunnels", "members that went through their signaling socket")                       \
  X (TUNNEL_BAD_FRAMES, "tunnel_bad_frames", "tunnels ended for a frame that broke a rule")        \
  X (TUNNEL_SWITCHES, "tunnel_switches", "members that left their tunnel for WebRTC")              \
  X (BAD_ORIGIN, "bad_origin", "requests with an Origin or Host that is not allowed")              \
  X (BAD_MESSAGES, "bad_messages", "signaling messages that did not parse or validate")            \
  X (RATE_LIMITED, "rate_limited", "signaling messages refused by a rate limit")                   \
  X (HEAP_TRIMS_DUE, "heap_trims_due", "times that free memory was to go back to the system")      \
  X (HEAP_TRIMS, "heap_trims", "times that free memory went back to the system")

typedef enum
{
#define X(name, text, help) WHERRY_COUNTER_##name,
  WHERRY_COUNTERS (X)
#undef X
      WHERRY_N_COUNTERS
} WherryCounter;

void wherry_counter_add (WherryCounter counter, guint64 n);
#define wherry_counter_inc(counter) wherry_counter_add ((counter), 1)
guint64 wherry_counter_get (WherryCounter counter);
const char *wherry_counter_get_name (WherryCounter counter);
const char *wherry_counter_get_help (WherryCounter counter);

G_END_DECLS
