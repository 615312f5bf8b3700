/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What keeps a transfer from everybody but its two ends: data/docs/files.md, sections 1 to 3. Pure:
 * bytes in, bytes out.
 */

#define WHERRY_FILE_KEY_SIZE 32
#define WHERRY_FILE_PROOF_SIZE 32
#define WHERRY_FILE_NONCE_SIZE 32
#define WHERRY_FILE_SESSION_SIZE 8
/* What sealing adds: the type, the session's id, the tag. */
#define WHERRY_FILE_SEAL_OVERHEAD (1 + WHERRY_FILE_SESSION_SIZE + 16)

/* What follows from a code alone. */
typedef struct
{
  guint8 key[WHERRY_FILE_KEY_SIZE];
  guint8 proof[WHERRY_FILE_KEY_SIZE];
  char room[26]; /* "file-" and 20 hexadecimal digits */
} WherryFileSecret;

/*
 * Derives it from a canonical code, which takes a tenth of a second or several: that is what makes
 * guessing dear. Thread: any
 */
gboolean wherry_file_secret_derive (WherryFileSecret *self, const char *code, GError **error);
void wherry_file_secret_prove_hello (const WherryFileSecret *self, const guint8 *receiver_nonce,
                                     guint8 *proof);
void wherry_file_secret_prove_welcome (const WherryFileSecret *self, const guint8 *receiver_nonce,
                                       const guint8 *sender_nonce, guint8 *proof);
/* Takes as long whatever they hold. */
gboolean wherry_file_proof_equal (const guint8 *a, const guint8 *b);
gboolean wherry_file_nonce_make (guint8 *nonce, GError **error);

/* The keys and counters of one session, at one end. */
typedef struct _WherryFileSeal WherryFileSeal;

/* (transfer full) (nullable): NULL sets @error: the library has no such cipher. */
WherryFileSeal *wherry_file_seal_new (const WherryFileSecret *secret, const guint8 *receiver_nonce,
                                      const guint8 *sender_nonce, gboolean is_sender,
                                      GError **error);
void wherry_file_seal_free (WherryFileSeal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileSeal, wherry_file_seal_free)

/* (transfer full) (nullable): the next sealed message. NULL: after 2^32 of them. */
GBytes *wherry_file_seal_close (WherryFileSeal *self, GBytes *record);
/* Whether @message is a sealed one of this session. */
gboolean wherry_file_seal_is_for (WherryFileSeal *self, GBytes *message);
/*
 * (transfer full) (nullable): the record in the next message. NULL: it was changed, cut, repeated
 * or reordered, or is of other keys; the session is over then.
 */
GBytes *wherry_file_seal_open (WherryFileSeal *self, GBytes *message);
