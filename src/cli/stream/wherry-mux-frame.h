/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/*
 * The messages by which `wherry pipe` and `wherry forward` carry byte streams:
 * data/docs/streams.md.
 *
 *  0        1                          5
 *  +--------+--------------------------+---------
 *  | type   | stream                   | payload
 *  +--------+--------------------------+---------
 *
 * Numbers are big-endian. Stream 0 is the session itself.
 */
typedef enum
{
  WHERRY_MUX_INVITE = 1, /* stream 0: a greeting */
  WHERRY_MUX_ACCEPT = 2, /* stream 0: a greeting: the session has begun */
  WHERRY_MUX_REFUSE = 3, /* stream 0: code, text: it has not, or it ends */
  WHERRY_MUX_OPEN = 4,
  WHERRY_MUX_DATA = 5,      /* 1 to WHERRY_MUX_DATA_MAX bytes */
  WHERRY_MUX_END = 6,       /* no data follows on this stream from this side */
  WHERRY_MUX_DONE = 7,      /* all of yours, its end too, was written where it goes */
  WHERRY_MUX_RESET = 8,     /* code, text: the stream is no more */
  WHERRY_MUX_CREDIT = 9,    /* 4 bytes: so much more may be sent; stream 0: in all */
  WHERRY_MUX_DESCRIBE = 10, /* stream 0: SDP: for a direct connection */
} WherryMuxType;

typedef enum
{
  WHERRY_MUX_CODE_ABORTED = 1, /* this side's end of it broke */
  WHERRY_MUX_CODE_REFUSED = 2, /* what it was to be connected to is not there */
  WHERRY_MUX_CODE_LIMIT = 3,   /* too many */
  WHERRY_MUX_CODE_BUSY = 4,    /* it has another partner */
  WHERRY_MUX_CODE_VERSION = 5, /* it does not speak this */
  WHERRY_MUX_CODE_PROTOCOL = 6,
  WHERRY_MUX_CODE_LEFT = 7, /* it was ended by its user */
} WherryMuxCode;

#define WHERRY_MUX_HEADER_SIZE 5u
#define WHERRY_MUX_GREETING_SIZE 11u
#define WHERRY_MUX_VERSION 1u
/* A data message: what one read gives, and small beside what else waits for the same network. */
#define WHERRY_MUX_DATA_MAX (32u * 1024u)
/* Each data message costs so much more than its payload of credit: a flood of single bytes is held
 * too. */
#define WHERRY_MUX_COST 64u
#define WHERRY_MUX_TEXT_MAX 256u
/* A description with all of its candidates: more than a hundred of them. */
#define WHERRY_MUX_SDP_MAX (16u * 1024u)
#define WHERRY_MUX_WINDOW_MIN (WHERRY_MUX_DATA_MAX + WHERRY_MUX_COST)
#define WHERRY_MUX_WINDOW_MAX (16u * 1024u * 1024u)

/* What a session is for: only the same meet. */
typedef enum
{
  WHERRY_MUX_KIND_PIPE = 1,
  WHERRY_MUX_KIND_FORWARD = 2,
} WherryMuxKind;

/* version (1), kind (1), flags (1): bit 0: direct; window of the session (4), of a stream (4) */
typedef struct
{
  guint8 version;
  guint8 kind;
  gboolean direct;
  guint32 session_window; /* what the other side may send to begin with, in all */
  guint32 stream_window;  /* and on each stream */
} WherryMuxGreeting;

typedef struct
{
  WherryMuxType type;
  guint32 stream;
  WherryMuxGreeting greeting; /* of INVITE, ACCEPT */
  guint8 code;                /* of REFUSE, RESET */
  char *text;     /* of these: (nullable), of DESCRIBE: valid UTF-8, not terminal-safe */
  guint32 credit; /* of CREDIT: at least 1 */
  GBytes *data;   /* of DATA: of the message that was parsed */
} WherryMuxFrame;

/* FALSE: sets @error: it is none, and @frame is cleared. Thread: any */
gboolean wherry_mux_frame_parse (WherryMuxFrame *frame, GBytes *message, GError **error);
/* (transfer full): the message. Thread: any */
GBytes *wherry_mux_frame_format (const WherryMuxFrame *frame);
void wherry_mux_frame_clear (WherryMuxFrame *frame);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherryMuxFrame, wherry_mux_frame_clear)
/* (transfer full): what a code and words of the other side say. text: (nullable). Thread: any */
GError *wherry_mux_error_new (guint8 code, const char *text);
