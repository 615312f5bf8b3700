/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The Data Channel Establishment Protocol, RFC 8832: DATA_CHANNEL_OPEN and DATA_CHANNEL_ACK. */

#include <glib.h>

G_BEGIN_DECLS

/* Message types, RFC 8832 section 8.2.1 */
typedef enum
{
  WHERRY_DCEP_ACK = 0x02,
  WHERRY_DCEP_OPEN = 0x03,
} WherryDcepType;

/* In the order of the channel types of RFC 8832 section 5.1, and of WherryReliability. */
typedef enum
{
  WHERRY_DCEP_RELIABLE,
  WHERRY_DCEP_REXMIT, /* value: retransmissions */
  WHERRY_DCEP_TIMED,  /* value: milliseconds */
} WherryDcepReliability;

typedef struct
{
  gboolean ordered;
  WherryDcepReliability reliability;
  guint32 value; /* 0 when reliable: what came there is ignored (RFC 8832 section 5.1) */
  guint16 priority;
  char *label;    /* UTF-8, at most WHERRY_CHANNEL_NAME_MAX bytes, never NULL once parsed */
  char *protocol; /* the same */
} WherryDcepOpen;

/**
 * wherry_dcep_get_type:
 * @data: one whole message of PPID 50
 *
 * Only the first byte is looked at; the message is not yet valid.
 * Fails with WHERRY_ERROR_PROTOCOL: empty, or of an unknown type.
 *
 * Thread: any
 */
gboolean wherry_dcep_get_type (const guint8 *data, gsize length, WherryDcepType *type,
                               GError **error);

/**
 * wherry_dcep_open_parse:
 * @open: set on success only; clear it with wherry_dcep_open_clear()
 *
 * Fails with WHERRY_ERROR_PROTOCOL when cut short, followed by anything, or with a label or
 * protocol that is not UTF-8 or holds a NUL; WHERRY_ERROR_UNSUPPORTED for a channel type that the
 * RFC does not define; WHERRY_ERROR_LIMIT for a label or protocol longer than ours.
 *
 * Thread: any
 */
gboolean wherry_dcep_open_parse (WherryDcepOpen *open, const guint8 *data, gsize length,
                                 GError **error);

/**
 * wherry_dcep_open_write:
 * @open: label and protocol may be NULL for empty
 * @length: (out): of the result
 *
 * Fails with WHERRY_ERROR_INVALID_ARGUMENT for what wherry_dcep_open_parse() would refuse.
 *
 * Returns: (transfer full) (nullable): the message
 * Thread: any
 */
guint8 *wherry_dcep_open_write (const WherryDcepOpen *open, gsize *length, GError **error);

/**
 * wherry_dcep_ack_parse:
 *
 * Fails with WHERRY_ERROR_PROTOCOL when it is anything but the one byte of RFC 8832 section 5.2,
 * which pion fills up to four: what follows the type is ignored.
 *
 * Thread: any
 */
gboolean wherry_dcep_ack_parse (const guint8 *data, gsize length, GError **error);

/* The acknowledgment: static, one byte. Thread: any */
const guint8 *wherry_dcep_ack_get (gsize *length);

void wherry_dcep_open_clear (WherryDcepOpen *open); /* Thread: any */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherryDcepOpen, wherry_dcep_open_clear)

G_END_DECLS
