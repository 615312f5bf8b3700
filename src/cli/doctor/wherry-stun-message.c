/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include "cli/doctor/wherry-stun-message.h"
#include "lib/wherry.h"

/* RFC 8489 section 5:
 *
 *  0                   1                   2                   3
 * |0 0|     STUN message type     |         message length        |
 * |                         magic cookie                          |
 * |                   transaction id (96 bits)                    |
 *
 * and then attributes (section 14): type, length, value, padding to 4 bytes. */
#define MAGIC_COOKIE 0x2112a442u
#define FINGERPRINT_XOR 0x5354554eu
#define FAMILY_IPV4 0x01
#define FAMILY_IPV6 0x02
#define ATTRIBUTE_HEADER 4u
#define SHA256_SIZE 32u
/* Section 14.3, 14.9, 14.14: texts are at most 128 characters, which are at most 763 bytes. */
#define TEXT_MAX 763u

static guint16
read_u16 (const guint8 *bytes)
{
  return (guint16) (bytes[0] << 8 | bytes[1]);
}

static guint32
read_u32 (const guint8 *bytes)
{
  return (guint32) read_u16 (bytes) << 16 | read_u16 (bytes + 2);
}

static gsize
padded (gsize n)
{
  return (n + 3) & ~(gsize) 3;
}

static void
write_u16_at (GByteArray *message, gsize at, guint16 value)
{
  message->data[at] = (guint8) (value >> 8);
  message->data[at + 1] = (guint8) value;
}

/* ---- writing ---- */

static void
append_u16 (GByteArray *message, guint16 value)
{
  guint16 swapped = GUINT16_TO_BE (value);

  g_byte_array_append (message, (const guint8 *) &swapped, sizeof swapped);
}

static void
append_u32 (GByteArray *message, guint32 value)
{
  guint32 swapped = GUINT32_TO_BE (value);

  g_byte_array_append (message, (const guint8 *) &swapped, sizeof swapped);
}

GByteArray *
wherry_stun_write (WherryStunMethod method, WherryStunClass class, const guint8 *id)
{
  GByteArray *message = g_byte_array_new ();
  guint bits = method;

  /* figure 3: the class stands between the bits of the method */
  append_u16 (message, (guint16) ((bits & 0xf80) << 2 | (bits & 0x070) << 1 | (bits & 0x00f)
                                  | (guint) class));
  append_u16 (message, 0);
  append_u32 (message, MAGIC_COOKIE);
  g_byte_array_append (message, id, WHERRY_STUN_ID_SIZE);
  return message;
}

void
wherry_stun_write_bytes (GByteArray *message, guint16 attribute, gconstpointer value, gsize n)
{
  static const guint8 zeros[3] = { 0 };

  g_assert (n <= G_MAXUINT16);
  append_u16 (message, attribute);
  append_u16 (message, (guint16) n);
  g_byte_array_append (message, value, (guint) n);
  g_byte_array_append (message, zeros, (guint) (padded (n) - n));
  write_u16_at (message, 2, (guint16) (message->len - WHERRY_STUN_HEADER_SIZE));
}

void
wherry_stun_write_string (GByteArray *message, guint16 attribute, const char *text)
{
  wherry_stun_write_bytes (message, attribute, text, strlen (text));
}

void
wherry_stun_write_u32 (GByteArray *message, guint16 attribute, guint32 value)
{
  guint32 swapped = GUINT32_TO_BE (value);

  wherry_stun_write_bytes (message, attribute, &swapped, sizeof swapped);
}

void
wherry_stun_write_u64 (GByteArray *message, guint16 attribute, guint64 value)
{
  guint64 swapped = GUINT64_TO_BE (value);

  wherry_stun_write_bytes (message, attribute, &swapped, sizeof swapped);
}

/* Section 14.2: the port and the address, each under the bits of the cookie and the id. */
static void
apply_mask (guint8 *value, gsize n_address, const guint8 *cookie_and_id)
{
  value[2] ^= cookie_and_id[0];
  value[3] ^= cookie_and_id[1];
  for (gsize i = 0; i < n_address; i++)
    value[ATTRIBUTE_HEADER + i] ^= cookie_and_id[i];
}

void
wherry_stun_write_address (GByteArray *message, guint16 attribute, GInetSocketAddress *address)
{
  GInetAddress *inet = g_inet_socket_address_get_address (address);
  guint16 port = g_inet_socket_address_get_port (address);
  gsize n = g_inet_address_get_native_size (inet);
  guint8 value[ATTRIBUTE_HEADER + 16] = { 0 };

  value[1] = n == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
  value[2] = (guint8) (port >> 8);
  value[3] = (guint8) port;
  memcpy (value + ATTRIBUTE_HEADER, g_inet_address_to_bytes (inet), n);
  apply_mask (value, n, message->data + 4);
  wherry_stun_write_bytes (message, attribute, value, ATTRIBUTE_HEADER + n);
}

static void
compute_hmac (GChecksumType type, GBytes *key, const guint8 *bytes, gsize n, guint8 *digest)
{
  gsize key_length;
  const guint8 *key_bytes = g_bytes_get_data (key, &key_length);
  GHmac *hmac = g_hmac_new (type, key_bytes, key_length);
  gsize length = (gsize) g_checksum_type_get_length (type);

  g_hmac_update (hmac, bytes, (gssize) n);
  g_hmac_get_digest (hmac, digest, &length);
  g_hmac_unref (hmac);
}

static guint16
integrity_attribute (GChecksumType type)
{
  return type == G_CHECKSUM_SHA1 ? WHERRY_STUN_MESSAGE_INTEGRITY
                                 : WHERRY_STUN_MESSAGE_INTEGRITY_SHA256;
}

void
wherry_stun_write_integrity (GByteArray *message, GChecksumType type, GBytes *key)
{
  guint8 digest[SHA256_SIZE] = { 0 };
  gsize n = (gsize) g_checksum_type_get_length (type);
  guint before = message->len;

  /* section 14.5: the length counts this attribute already, the code does not cover it */
  write_u16_at (message, 2, (guint16) (before - WHERRY_STUN_HEADER_SIZE + ATTRIBUTE_HEADER + n));
  compute_hmac (type, key, message->data, before, digest);
  wherry_stun_write_bytes (message, integrity_attribute (type), digest, n);
}

/* ISO 3309, the one of Ethernet and zip (section 14.7). */
static guint32
crc32 (const guint8 *bytes, gsize n)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < n; i++)
    {
      crc ^= bytes[i];
      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
    }
  return ~crc;
}

void
wherry_stun_write_fingerprint (GByteArray *message)
{
  guint before = message->len;

  write_u16_at (message, 2, (guint16) (before - WHERRY_STUN_HEADER_SIZE + ATTRIBUTE_HEADER + 4));
  wherry_stun_write_u32 (message, WHERRY_STUN_FINGERPRINT,
                         crc32 (message->data, before) ^ FINGERPRINT_XOR);
}

GBytes *
wherry_stun_long_term_key (GChecksumType type, const char *username, const char *realm,
                           const char *password)
{
  g_autofree char *joined = g_strdup_printf ("%s:%s:%s", username, realm, password);
  g_autoptr (GChecksum) checksum = g_checksum_new (type);
  guint8 digest[SHA256_SIZE];
  gsize n = sizeof digest;

  g_checksum_update (checksum, (const guint8 *) joined, -1);
  g_checksum_get_digest (checksum, digest, &n);
  return g_bytes_new (digest, n);
}

/* ---- reading ---- */

gsize
wherry_stun_message_length (const guint8 *bytes, gsize n)
{
  gsize length;

  if (n > 0 && (bytes[0] & 0xc0) != 0)
    return G_MAXSIZE;
  if (n < 8)
    return 0;
  length = read_u16 (bytes + 2);
  if (read_u32 (bytes + 4) != MAGIC_COOKIE || length % 4 != 0
      || length + WHERRY_STUN_HEADER_SIZE > WHERRY_STUN_MESSAGE_MAX)
    return G_MAXSIZE;
  return WHERRY_STUN_HEADER_SIZE + length;
}

/* The attribute after the one at this place; its end when there is none. FALSE: it leaves the
 * message. */
static gboolean
step (const guint8 *bytes, gsize length, gsize *at)
{
  gsize n;

  if (length - *at < ATTRIBUTE_HEADER)
    return FALSE;
  n = padded (read_u16 (bytes + *at + 2));
  if (length - *at - ATTRIBUTE_HEADER < n)
    return FALSE;
  *at += ATTRIBUTE_HEADER + n;
  return TRUE;
}

gboolean
wherry_stun_message_parse (WherryStunMessage *self, const guint8 *bytes, gsize n, GError **error)
{
  gsize length = wherry_stun_message_length (bytes, n);
  gsize at = WHERRY_STUN_HEADER_SIZE;
  guint16 type;

  if (n < WHERRY_STUN_HEADER_SIZE || length != n)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "%" G_GSIZE_FORMAT " bytes are no STUN message", n);
      return FALSE;
    }
  while (at < length)
    if (!step (bytes, length, &at))
      {
        g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                     "an attribute of a STUN message leaves it");
        return FALSE;
      }
  type = read_u16 (bytes);
  self->method = (guint16) ((type & 0x3e00) >> 2 | (type & 0x00e0) >> 1 | (type & 0x000f));
  self->class = (WherryStunClass) (type & 0x0110);
  self->id = bytes + 8;
  self->bytes = bytes;
  self->length = length;
  return TRUE;
}

/* Where the attribute begins, or 0. */
static gsize
find (const WherryStunMessage *self, guint16 attribute)
{
  gboolean is_past = FALSE;

  for (gsize at = WHERRY_STUN_HEADER_SIZE; at < self->length; step (self->bytes, self->length, &at))
    {
      guint16 type = read_u16 (self->bytes + at);
      gboolean seals
          = type == WHERRY_STUN_MESSAGE_INTEGRITY || type == WHERRY_STUN_MESSAGE_INTEGRITY_SHA256;

      if (type == attribute
          && (!is_past || type == WHERRY_STUN_FINGERPRINT
              || type == WHERRY_STUN_MESSAGE_INTEGRITY_SHA256))
        return at;
      is_past |= seals;
    }
  return 0;
}

const guint8 *
wherry_stun_message_find (const WherryStunMessage *self, guint16 attribute, gsize *n)
{
  gsize at = find (self, attribute);

  if (at == 0)
    return NULL;
  *n = read_u16 (self->bytes + at + 2);
  return self->bytes + at + ATTRIBUTE_HEADER;
}

char *
wherry_stun_message_get_text (const WherryStunMessage *self, guint16 attribute)
{
  gsize n;
  const guint8 *value = wherry_stun_message_find (self, attribute, &n);

  return value != NULL ? g_utf8_make_valid ((const char *) value, (gssize) MIN (n, TEXT_MAX))
                       : NULL;
}

gboolean
wherry_stun_message_get_u32 (const WherryStunMessage *self, guint16 attribute, guint32 *value)
{
  gsize n;
  const guint8 *bytes = wherry_stun_message_find (self, attribute, &n);

  if (bytes == NULL || n != 4)
    return FALSE;
  *value = read_u32 (bytes);
  return TRUE;
}

GSocketAddress *
wherry_stun_message_get_address (const WherryStunMessage *self, guint16 attribute)
{
  gsize n;
  const guint8 *bytes = wherry_stun_message_find (self, attribute, &n);
  guint8 value[ATTRIBUTE_HEADER + 16];
  gboolean is_ipv4;
  g_autoptr (GInetAddress) inet = NULL;

  if (bytes == NULL || n < ATTRIBUTE_HEADER + 4)
    return NULL;
  is_ipv4 = bytes[1] == FAMILY_IPV4;
  if (n != ATTRIBUTE_HEADER + (is_ipv4 ? 4u : 16u) || (!is_ipv4 && bytes[1] != FAMILY_IPV6))
    return NULL;
  memcpy (value, bytes, n);
  /* MAPPED-ADDRESS is from before there was a mask (section 14.1) */
  if (attribute != WHERRY_STUN_MAPPED_ADDRESS && attribute != WHERRY_STUN_ALTERNATE_SERVER)
    apply_mask (value, n - ATTRIBUTE_HEADER, self->bytes + 4);
  inet = g_inet_address_new_from_bytes (value + ATTRIBUTE_HEADER,
                                        is_ipv4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  return g_inet_socket_address_new (inet, read_u16 (value + 2));
}

guint
wherry_stun_message_get_error (const WherryStunMessage *self, char **reason)
{
  gsize n;
  const guint8 *value = wherry_stun_message_find (self, WHERRY_STUN_ERROR_CODE, &n);
  guint code;

  *reason = NULL;
  if (value == NULL || n < 4)
    return 0;
  /* section 14.8: the hundreds are 3 to 6, the rest 0 to 99 */
  code = (value[2] & 0x07u) * 100u + value[3];
  if (code < 300 || code > 699 || value[3] > 99)
    return 0;
  *reason = g_utf8_make_valid ((const char *) value + 4, (gssize) MIN (n - 4, TEXT_MAX));
  return code;
}

gboolean
wherry_stun_message_check_integrity (const WherryStunMessage *self, GChecksumType type, GBytes *key)
{
  gsize at = find (self, integrity_attribute (type));
  gsize n = (gsize) g_checksum_type_get_length (type);
  guint8 digest[SHA256_SIZE];
  g_autofree guint8 *covered = NULL;
  gsize length;
  guint8 difference = 0;

  if (at == 0 || read_u16 (self->bytes + at + 2) != n)
    return FALSE;
  covered = g_memdup2 (self->bytes, at);
  length = at - WHERRY_STUN_HEADER_SIZE + ATTRIBUTE_HEADER + n;
  covered[2] = (guint8) (length >> 8);
  covered[3] = (guint8) length;
  compute_hmac (type, key, covered, at, digest);
  for (gsize i = 0; i < n; i++)
    difference |= digest[i] ^ self->bytes[at + ATTRIBUTE_HEADER + i];
  return difference == 0;
}

gboolean
wherry_stun_message_check_fingerprint (const WherryStunMessage *self)
{
  gsize at = find (self, WHERRY_STUN_FINGERPRINT);
  gsize n = ATTRIBUTE_HEADER + 4;

  /* it is the last (section 14.7), so that the length in the header is what it was made with */
  return at != 0 && at + n == self->length && read_u16 (self->bytes + at + 2) == 4
         && (crc32 (self->bytes, at) ^ FINGERPRINT_XOR)
                == read_u32 (self->bytes + at + ATTRIBUTE_HEADER);
}
