/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signaling messages of data/docs/protocol.md section 1, one JSON object each: parsed into one
 * tagged struct, and written. What is parsed here is well formed and within its limits; whether it
 * fits the state of the connection (joined or not, rights, rates) is signaling's business, whether
 * an SDP or a candidate is one is wherry-sdp.h's and wherry-candidate.h's. Everything here:
 * Thread: any, one at a time */

#include <glib.h>

#include "wire/wherry-dcep.h"
#include "wire/wherry-reason.h"

G_BEGIN_DECLS

#define WHERRY_SIGNAL_SUBPROTOCOL "wherry.1"

typedef enum
{
  /* client to server */
  WHERRY_SIGNAL_JOIN,
  WHERRY_SIGNAL_CALL,
  WHERRY_SIGNAL_LEAVE,
  WHERRY_SIGNAL_PING,
  WHERRY_SIGNAL_ATTRIBUTES,
  /* both ways */
  WHERRY_SIGNAL_OFFER,
  WHERRY_SIGNAL_ANSWER,
  WHERRY_SIGNAL_CANDIDATE,
  WHERRY_SIGNAL_SIGNAL,
  WHERRY_SIGNAL_MSG,
  WHERRY_SIGNAL_TUNNEL,
  /* server to client */
  WHERRY_SIGNAL_JOINED,
  WHERRY_SIGNAL_MEMBERS,
  WHERRY_SIGNAL_MEMBER_JOINED,
  WHERRY_SIGNAL_MEMBER_CHANGED,
  WHERRY_SIGNAL_MEMBER_LEFT,
  WHERRY_SIGNAL_MEMBER_AWAY,
  WHERRY_SIGNAL_MEMBER_BACK,
  WHERRY_SIGNAL_LEFT,
  WHERRY_SIGNAL_RESTART,
  WHERRY_SIGNAL_ACK, /* on wherry:notices */
  WHERRY_SIGNAL_PONG,
  WHERRY_SIGNAL_ERROR,
} WherrySignalType;

/* Its name on the wire, as in "member-joined". */
const char *wherry_signal_type_to_string (WherrySignalType type);

/* A negotiated channel that a client declares (RFC 8831 section 6.4: no DCEP is spoken for it). */
typedef struct
{
  char *label;    /* never NULL */
  char *protocol; /* never NULL */
  guint16 id;     /* below WHERRY_SCTP_STREAMS_MAX; no two of a message have the same */
  gboolean ordered;
  WherryDcepReliability reliability;
  guint32 value; /* retransmits, or milliseconds */
} WherrySignalChannel;

typedef struct
{
  char *peer;       /* 16 hexadecimal digits */
  char *name;       /* NULL when it has none */
  char *attributes; /* raw: an object; NULL when it has none */
  gboolean away;    /* its connection is gone and may come back */
} WherrySignalMember;

/* What is published for a member that vanishes. */
typedef struct
{
  char *topic; /* WHERRY_LABEL_MAX bytes at most, none of the relay's own */
  gboolean is_text;
  GBytes *data; /* at most WHERRY_WILL_MAX */
} WherrySignalWill;

/* Copies topic, references data. */
WherrySignalWill *wherry_signal_will_new (const char *topic, GBytes *data, gboolean is_text);
void wherry_signal_will_free (WherrySignalWill *self);

typedef struct
{
  GStrv urls;
  char *username;   /* NULL when it has none */
  char *credential; /* the same. Secret */
} WherrySignalIceServer;

/* How far somebody is on a topic. Numbers that were not said are 0. */
typedef struct
{
  char *topic;
  guint64 seen;     /* the highest of the topic's numbers that came */
  guint64 direct;   /* the same of those to this member alone */
  guint64 accepted; /* the highest of its own numbers that the relay has taken */
} WherrySignalPlace;

GPtrArray *wherry_signal_places_new (void); /* (transfer full) (element-type WherrySignalPlace) */
/* (transfer none): made if it was not there */
WherrySignalPlace *wherry_signal_places_get (GPtrArray *places, const char *topic);

/* Members that the type does not have are NULL or 0. Strings without "raw" are UTF-8 without NUL;
 * raw ones are JSON text, byte for byte as it came, valid and NUL-terminated. */
typedef struct
{
  WherrySignalType type;
  char *tid; /* raw: a number, or a string with its quotes. NULL: none. Any type */

  /* join, joined */
  char *room;
  /* join, member-joined: NULL when it has none */
  char *name;
  /* join */
  char *token;     /* secret. NULL: none was sent; "" is one */
  gboolean mirror; /* default TRUE */
  guint history;
  gboolean resumable; /* it said resume: it may want to come back */
  gboolean addressed; /* mirrors may have headers; default: resumable */
  GStrv opens;        /* topics that it opens itself; NULL: none named */

  /* join, joined. Secret. NULL: none */
  char *resume;
  /* join (seen, direct), joined and ack (accepted): (element-type WherrySignalPlace); NULL: none */
  GPtrArray *places;
  /* joined */
  gboolean resumed;
  WherrySignalWill *will; /* NULL: none */

  /* join, attributes, member-joined, member-changed: raw, an object of at most
   * WHERRY_ATTRIBUTES_MAX bytes; NULL: none */
  char *attributes;

  /* offer, answer: the description, not looked at */
  char *sdp;
  /* offer, call: (element-type WherrySignalChannel); NULL when it was absent, which for call in the
   * echo room does not mean the same as empty */
  GPtrArray *channels;

  /* candidate */
  char *candidate;     /* NULL: the end of candidates (absent, null or empty) */
  char *sdp_mid;       /* NULL when absent */
  int sdp_mline_index; /* -1 when absent */
  char *ufrag;         /* usernameFragment; NULL when absent */

  /* signal: to the server to, from the server from; msg from the server: from */
  char *to;
  char *from;
  /* signal: raw data. ping, pong: raw data, or NULL. msg: raw, the whole object, from its { to its
   * } */
  char *data;
  gsize data_length;

  /* joined, member-joined, member-changed, member-left, member-away, member-back */
  char *peer;
  /* joined, members */
  GPtrArray *members; /* (element-type WherrySignalMember) */
  gboolean more;
  /* joined */
  GPtrArray *ice_servers; /* (element-type WherrySignalIceServer) */
  guint64 max_message_size;
  GStrv features;
  /* member-left, left */
  WherryLeaveReason reason;
  /* error; code is WHERRY_SIGNAL_ERROR_INTERNAL for one that we do not know */
  WherrySignalError code;
  char *message;
  char *ref; /* NULL when absent */
} WherrySignal;

void wherry_signal_free (WherrySignal *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySignal, wherry_signal_free)

/* 1 to WHERRY_ROOM_NAME_MAX bytes of UTF-8 without control characters or '/'. room: (nullable) */
gboolean wherry_signal_room_is_valid (const char *room);
/* At most WHERRY_MEMBER_NAME_MAX bytes of UTF-8 without control characters (a name is shown on
 * terminals). name: (nullable): none is fine */
gboolean wherry_signal_name_is_valid (const char *name);

/* A member's attributes: one JSON object of at most WHERRY_ATTRIBUTES_MAX bytes and
 * WHERRY_ATTRIBUTES_DEPTH_MAX deep, so that it can be put into lists of members. Errors:
 * wherry_json_scan()'s. */
gboolean wherry_signal_attributes_check (const char *json, gsize length, GError **error);

/* Why a client's message was refused: what an `error` to it says. */
typedef struct
{
  WherrySignalError code; /* bad-message, unknown-type, bad-room, bad-candidate or too-large */
  char *message;          /* what was wrong; never repeats what a member held */
  char *ref;              /* its type, when it had a known one; NULL otherwise */
  char *tid;              /* raw, when it had a good one; NULL otherwise */
} WherrySignalProblem;

void wherry_signal_problem_clear (WherrySignalProblem *problem);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherrySignalProblem, wherry_signal_problem_clear)

/**
 * wherry_signal_parse_client:
 * @data: one text frame from a client; need not be NUL-terminated
 * @problem: (out): filled when NULL comes back; clear it
 *
 * Strict: one JSON object, at most WHERRY_SIGNAL_MESSAGE_MAX bytes, nested at most
 * WHERRY_JSON_DEPTH_MAX deep, valid UTF-8, no NUL, no lone surrogate, no member twice. Unknown
 * members are ignored; null is the same as absent. A `msg` with a member `from` of its own is
 * refused: the relay adds that one.
 *
 * Returns: (transfer full) (nullable): the message
 */
WherrySignal *wherry_signal_parse_client (const char *data, gsize length,
                                          WherrySignalProblem *problem);

/**
 * wherry_signal_parse_server:
 * @data: one text frame from a server, at most WHERRY_SIGNAL_OUT_MAX bytes
 *
 * What a client hears. Fails with WHERRY_ERROR_PROTOCOL, with WHERRY_ERROR_UNSUPPORTED for a type
 * that we do not know (a client ignores that), WHERRY_ERROR_TOO_LARGE or WHERRY_ERROR_LIMIT.
 *
 * Returns: (transfer full) (nullable): the message
 */
WherrySignal *wherry_signal_parse_server (const char *data, gsize length, GError **error);

/* ---- Writing. Each returns (transfer full) one JSON object, valid UTF-8, on one line (what is
 * passed on raw keeps the line breaks that it came with). tid: (nullable), raw as it was parsed. */

/* Server to client */

typedef struct
{
  const char *peer;
  const char *name;       /* (nullable) */
  const char *attributes; /* (nullable), raw */
  gboolean away;
} WherrySignalMemberRef;

typedef struct
{
  const char *const *urls;
  const char *username;   /* (nullable) */
  const char *credential; /* (nullable) */
} WherrySignalIceServerRef;

typedef struct
{
  const char *tid;
  const char *peer; /* the member's own id */
  const char *room;
  const WherrySignalMemberRef *members; /* the others */
  guint n_members;
  gboolean more; /* wherry_signal_write_members() follows */
  const WherrySignalIceServerRef *ice_servers;
  guint n_ice_servers;
  guint64 max_message_size;
  const char *const *features; /* (nullable) */
  const char *resume;          /* (nullable): a token */
  gboolean resumed;
  const GPtrArray *places; /* (nullable): accepted */
} WherrySignalJoined;

char *wherry_signal_write_joined (const WherrySignalJoined *joined);
char *wherry_signal_write_members (const WherrySignalMemberRef *members, guint n, gboolean more);
/* type: offer or answer */
char *wherry_signal_write_description (WherrySignalType type, const char *sdp, const char *tid);
/* candidate: (nullable): the end of candidates. mid, ufrag: (nullable). mline_index: -1 = none.
 * Both ways. */
char *wherry_signal_write_candidate (const char *candidate, const char *mid, int mline_index,
                                     const char *ufrag);

/* What a room hears of one of its members. */
typedef struct
{
  WherrySignalType type; /* member-joined, -changed, -left, -away or -back; signal; msg */
  const char *peer;      /* the member; of signal and msg: who says it */
  /* member-joined (nullable) */
  const char *name;
  /* member-joined, member-changed (nullable): raw */
  const char *attributes;
  const char *tid; /* member-changed (nullable): for the member itself, which asked for it */
  /* member-left */
  WherryLeaveReason reason;
  /* signal: raw. msg: raw, as WherrySignal.data of a parsed one; from is added behind its last
   * member */
  const char *data;
  gsize length;
} WherrySignalNews;

char *wherry_signal_write_news (const WherrySignalNews *news);
char *wherry_signal_write_left (WherryLeaveReason reason, const char *tid);
char *wherry_signal_write_restart (void);
/* The request, and its answer. tid: (nullable) */
char *wherry_signal_write_tunnel (const char *tid);
/* data: (nullable): raw */
char *wherry_signal_write_pong (const char *data, gsize length, const char *tid);
/* ref: (nullable): the type that it answers */
char *wherry_signal_write_error (WherrySignalError code, const char *message, const char *ref,
                                 const char *tid);
char *wherry_signal_write_problem (const WherrySignalProblem *problem);

/* On the channel wherry:notices: an error about a topic's message; topic, peer: (nullable): the
 * receiver that it is about */
char *wherry_signal_write_notice (WherrySignalError code, const char *message, const char *topic,
                                  const char *peer);
/* The same channel: own: the publisher's last accepted number, sequence: the topic's */
char *wherry_signal_write_ack (const char *topic, guint64 own, guint64 sequence);

/* Client to server */

typedef struct
{
  const char *tid;
  const char *room;
  const char *name;  /* (nullable) */
  const char *token; /* (nullable) */
  gboolean no_mirror;
  const char *attributes;       /* (nullable), raw */
  const WherrySignalWill *will; /* (nullable) */
  guint history;
  gboolean resumable;       /* it asks for a token */
  gboolean addressed;       /* it asks for headers on mirrors; resumable does so too */
  const char *const *opens; /* (nullable): topics */
  const char *resume;       /* (nullable): a token: it comes back */
  const GPtrArray *places;  /* (nullable): seen and direct */
} WherrySignalJoin;

char *wherry_signal_write_join (const WherrySignalJoin *join);
/* attributes: raw */
char *wherry_signal_write_attributes (const char *attributes, const char *tid);
/* channels: negotiated ones; NULL leaves the member out */
char *wherry_signal_write_offer (const char *sdp, const WherrySignalChannel *channels, guint n,
                                 const char *tid);
char *wherry_signal_write_call (const WherrySignalChannel *channels, guint n, const char *tid);
/* to: a member's id; data: raw */
char *wherry_signal_write_signal_to (const char *to, const char *data, gsize length,
                                     const char *tid);
char *wherry_signal_write_leave (const char *tid);
/* data: (nullable): raw */
char *wherry_signal_write_ping (const char *data, gsize length, const char *tid);

G_END_DECLS
