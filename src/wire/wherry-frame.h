/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The 17-byte header of addressed framing, channel protocol "wherry.1" (data/docs/protocol.md
 * section 3), and member ids. */

#include <glib.h>

G_BEGIN_DECLS

#define WHERRY_FRAME_PROTOCOL "wherry.1"
#define WHERRY_FRAME_HEADER_SIZE 17u

/* Numbers of a sender's own: what a double of JavaScript counts to without a gap. */
#define WHERRY_OWN_NUMBER_MAX (G_GUINT64_CONSTANT (1) << 53)

/* 16 hexadecimal digits and the final NUL */
#define WHERRY_MEMBER_ID_SIZE 17u
/* No member has this id. In a frame to the relay: to everyone. */
#define WHERRY_MEMBER_ID_EVERYONE G_GUINT64_CONSTANT (0)

typedef struct
{
  gboolean text;     /* the payload is UTF-8 text */
  gboolean replayed; /* it comes from history */
  gboolean direct;   /* it is for its recipient alone, whose count sequence is */
  guint64 member;    /* to the relay: the recipient, or everyone; from it: the sender */
  guint64 sequence;
} WherryFrame;

/**
 * wherry_frame_parse:
 * @frame: set on success only; the payload is what follows WHERRY_FRAME_HEADER_SIZE bytes
 *
 * Fails with WHERRY_ERROR_PROTOCOL when shorter than the header or with a reserved flag. Whether a
 * text payload is UTF-8 is not looked at: the relay passes text on as it came.
 *
 * Thread: any
 */
gboolean wherry_frame_parse (WherryFrame *frame, const guint8 *data, gsize length, GError **error);

/**
 * wherry_frame_write:
 * @header: (out): WHERRY_FRAME_HEADER_SIZE bytes to put before the payload
 *
 * Thread: any
 */
void wherry_frame_write (const WherryFrame *frame, guint8 header[WHERRY_FRAME_HEADER_SIZE]);

/* id as 16 lowercase hexadecimal digits. Thread: any */
void wherry_member_id_format (guint64 id, char string[WHERRY_MEMBER_ID_SIZE]);
/* FALSE when string is anything but 16 lowercase hexadecimal digits, or the id of nobody (0).
 * string: (nullable). Thread: any */
gboolean wherry_member_id_parse (const char *string, guint64 *id);

G_END_DECLS
