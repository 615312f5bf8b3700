/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* STUN messages as bytes (RFC 8489 section 5), with what TURN (RFC 8656) and ICE (RFC 8445) put
 * into them: enough to ask a server or an ICE agent a question and to read the answer. Pure: no
 * I/O, no clock, no chance. */

#include <gio/gio.h>

G_BEGIN_DECLS

#define WHERRY_STUN_HEADER_SIZE 20u
#define WHERRY_STUN_ID_SIZE 12u
/* What a server may answer with: RFC 8489 section 6.1 has requests stay below the path MTU, and an
 * answer is a little more. Over UDP nothing larger comes in one piece. */
#define WHERRY_STUN_MESSAGE_MAX 2048u

typedef enum
{
  WHERRY_STUN_METHOD_BINDING = 0x001,
  WHERRY_STUN_METHOD_ALLOCATE = 0x003,
  WHERRY_STUN_METHOD_REFRESH = 0x004,
} WherryStunMethod;

/* The two bits of the class, where they stand in the type (RFC 8489 figure 3). */
typedef enum
{
  WHERRY_STUN_CLASS_REQUEST = 0x0000,
  WHERRY_STUN_CLASS_INDICATION = 0x0010,
  WHERRY_STUN_CLASS_SUCCESS = 0x0100,
  WHERRY_STUN_CLASS_ERROR = 0x0110,
} WherryStunClass;

typedef enum
{
  WHERRY_STUN_MAPPED_ADDRESS = 0x0001,
  WHERRY_STUN_USERNAME = 0x0006,
  WHERRY_STUN_MESSAGE_INTEGRITY = 0x0008,
  WHERRY_STUN_ERROR_CODE = 0x0009,
  WHERRY_STUN_LIFETIME = 0x000d,
  WHERRY_STUN_REALM = 0x0014,
  WHERRY_STUN_NONCE = 0x0015,
  WHERRY_STUN_XOR_RELAYED_ADDRESS = 0x0016,
  WHERRY_STUN_REQUESTED_FAMILY = 0x0017,
  WHERRY_STUN_REQUESTED_TRANSPORT = 0x0019,
  WHERRY_STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
  WHERRY_STUN_PASSWORD_ALGORITHM = 0x001d,
  WHERRY_STUN_XOR_MAPPED_ADDRESS = 0x0020,
  WHERRY_STUN_PRIORITY = 0x0024,
  WHERRY_STUN_PASSWORD_ALGORITHMS = 0x8002,
  WHERRY_STUN_SOFTWARE = 0x8022,
  WHERRY_STUN_ALTERNATE_SERVER = 0x8023,
  WHERRY_STUN_FINGERPRINT = 0x8028,
  WHERRY_STUN_ICE_CONTROLLED = 0x8029,
  WHERRY_STUN_ICE_CONTROLLING = 0x802a,
} WherryStunAttribute;

/* ---- writing: attributes in the order of the calls, integrity and fingerprint last ---- */

/* (transfer full) id: WHERRY_STUN_ID_SIZE bytes that nobody can guess. */
GByteArray *wherry_stun_write (WherryStunMethod method, WherryStunClass class, const guint8 *id);
/* n < 64 KiB */
void wherry_stun_write_bytes (GByteArray *message, guint16 attribute, gconstpointer value, gsize n);
void wherry_stun_write_string (GByteArray *message, guint16 attribute, const char *text);
void wherry_stun_write_u32 (GByteArray *message, guint16 attribute, guint32 value);
void wherry_stun_write_u64 (GByteArray *message, guint16 attribute, guint64 value);
/* XOR-MAPPED-ADDRESS and those that are made like it. */
void wherry_stun_write_address (GByteArray *message, guint16 attribute,
                                GInetSocketAddress *address);
/* type: G_CHECKSUM_SHA1 for MESSAGE-INTEGRITY, G_CHECKSUM_SHA256 for the other */
void wherry_stun_write_integrity (GByteArray *message, GChecksumType type, GBytes *key);
void wherry_stun_write_fingerprint (GByteArray *message);

/* RFC 8489 section 9.2.2: type is G_CHECKSUM_MD5, or G_CHECKSUM_SHA256 where the server offers it.
 */
GBytes *wherry_stun_long_term_key (GChecksumType type, const char *username, const char *realm,
                                   const char *password);

/* ---- reading ---- */

typedef struct
{
  guint16 method;
  WherryStunClass class;
  const guint8 *id;
  const guint8 *bytes; /* borrowed: of what was parsed */
  gsize length;
} WherryStunMessage;

/* How long the message is that these bytes begin, as a stream needs to know (RFC 8489 section
 * 6.2.2); 0: more than n is needed to tell; G_MAXSIZE: they begin none. */
gsize wherry_stun_message_length (const guint8 *bytes, gsize n);
/* Every attribute lies within it afterwards. WHERRY_ERROR_PROTOCOL for what is no STUN message. */
gboolean wherry_stun_message_parse (WherryStunMessage *self, const guint8 *bytes, gsize n,
                                    GError **error);
/* Borrowed; NULL: there is none. After the integrity only the fingerprint counts (section 14.5). */
const guint8 *wherry_stun_message_find (const WherryStunMessage *self, guint16 attribute, gsize *n);
/* (transfer full) (nullable): as UTF-8, whatever it was; at most 763 bytes are looked at. */
char *wherry_stun_message_get_text (const WherryStunMessage *self, guint16 attribute);
gboolean wherry_stun_message_get_u32 (const WherryStunMessage *self, guint16 attribute,
                                      guint32 *value);
/* (transfer full) (nullable) */
GSocketAddress *wherry_stun_message_get_address (const WherryStunMessage *self, guint16 attribute);
/* 0: there is none. reason: (out) (transfer full) (nullable) */
guint wherry_stun_message_get_error (const WherryStunMessage *self, char **reason);
/* FALSE too when there is none. */
gboolean wherry_stun_message_check_integrity (const WherryStunMessage *self, GChecksumType type,
                                              GBytes *key);
gboolean wherry_stun_message_check_fingerprint (const WherryStunMessage *self);

G_END_DECLS
