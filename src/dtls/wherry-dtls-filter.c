/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include "base/wherry-bytes.h"
#include "dtls/wherry-dtls-filter.h"

enum
{
  CHANGE_CIPHER_SPEC = 20,
  ALERT = 21,
  HANDSHAKE = 22,
  APPLICATION_DATA = 23,
};

#define DTLS_1_0 0xfeff /* a first ClientHello's record may say so */
#define DTLS_1_2 0xfefd

/* Renegotiation is refused, so there is the clear epoch and one with keys. */
#define EPOCH_MAX 1u
/* A handshake takes about 10 messages a side; its largest is a chain of certificates. */
#define MESSAGES_MAX 64u
#define MESSAGE_LENGTH_MAX 65535u

static gboolean
is_handshake_type (guint8 type)
{
  switch (type)
    {
    case 0:  /* hello_request */
    case 1:  /* client_hello */
    case 2:  /* server_hello */
    case 3:  /* hello_verify_request */
    case 4:  /* new_session_ticket */
    case 11: /* certificate */
    case 12: /* server_key_exchange */
    case 13: /* certificate_request */
    case 14: /* server_hello_done */
    case 15: /* certificate_verify */
    case 16: /* client_key_exchange */
    case 20: /* finished */
    case 21: /* certificate_url */
    case 22: /* certificate_status */
    case 23: /* supplemental_data */
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
read_u24 (WherryReader *reader, guint32 *out)
{
  guint8 high;
  guint16 low;

  if (!wherry_reader_u8 (reader, &high) || !wherry_reader_u16 (reader, &low))
    return FALSE;
  *out = ((guint32) high << 16) | low;
  return TRUE;
}

/* RFC 6347 section 4.2.2:
 *
 *   msg_type(1) length(3) message_seq(2) fragment_offset(3) fragment_length(3) fragment
 *
 * one or more of them in a record. */
static gboolean
check_handshake (const guint8 *data, gsize length)
{
  WherryReader reader;

  wherry_reader_init (&reader, data, length);
  do
    {
      guint8 type;
      guint16 sequence;
      guint32 total, offset, size;
      const guint8 *fragment;

      if (!wherry_reader_u8 (&reader, &type) || !read_u24 (&reader, &total)
          || !wherry_reader_u16 (&reader, &sequence) || !read_u24 (&reader, &offset)
          || !read_u24 (&reader, &size) || !wherry_reader_bytes (&reader, size, &fragment))
        return FALSE;
      if (!is_handshake_type (type) || sequence >= MESSAGES_MAX || total > MESSAGE_LENGTH_MAX
          || offset > total || size > total - offset)
        return FALSE;
    }
  while (wherry_reader_left (&reader) > 0);
  return TRUE;
}

static gboolean
check_clear_body (guint8 type, const guint8 *data, gsize length)
{
  switch (type)
    {
    case CHANGE_CIPHER_SPEC: /* RFC 5246 section 7.1 */
      return length == 1 && data[0] == 1;
    case ALERT: /* RFC 5246 section 7.2 */
      return length == 2 && (data[0] == 1 || data[0] == 2);
    case HANDSHAKE:
      return check_handshake (data, length);
    default:
      return FALSE; /* application data is never in the clear */
    }
}

/* RFC 6347 section 4.1:
 *
 *   type(1) version(2) epoch(2) sequence_number(6) length(2) fragment
 */
static gboolean
check_record (WherryReader *reader)
{
  guint8 type;
  guint16 version, epoch, sequence_high, size;
  guint32 sequence_low;
  const guint8 *body;

  if (!wherry_reader_u8 (reader, &type) || !wherry_reader_u16 (reader, &version)
      || !wherry_reader_u16 (reader, &epoch) || !wherry_reader_u16 (reader, &sequence_high)
      || !wherry_reader_u32 (reader, &sequence_low) || !wherry_reader_u16 (reader, &size)
      || !wherry_reader_bytes (reader, size, &body))
    return FALSE;
  if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || epoch > EPOCH_MAX
      || (version != DTLS_1_0 && version != DTLS_1_2))
    return FALSE;
  return epoch > 0 || (size > 0 && check_clear_body (type, body, size));
}

gboolean
wherry_dtls_filter_datagram (const guint8 *data, gsize length)
{
  WherryReader reader;

  wherry_reader_init (&reader, data, length);
  do
    {
      if (!check_record (&reader))
        return FALSE;
    }
  while (wherry_reader_left (&reader) > 0);
  return TRUE;
}
