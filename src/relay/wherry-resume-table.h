/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tokens to come back with: one for a member at a time, and the one before until it is known that
 * the new one has arrived (what told it may be lost with the connection). Only their hashes are
 * kept, and looked up by: nothing is compared byte by byte with what a client says. Thread: hub */

#include <glib.h>

G_BEGIN_DECLS

#define WHERRY_RESUME_HASH_BYTES 32u

typedef struct _WherryResumeTable WherryResumeTable;

WherryResumeTable *wherry_resume_table_new (void);
void wherry_resume_table_free (WherryResumeTable *self);
/* A new one: 32 characters of base64url (RFC 4648 section 5), 192
 * random bits. (transfer full) (nullable): the system has no randomness. hash: (out) (nullable):
 * WHERRY_RESUME_HASH_BYTES of SHA-256 */
char *wherry_resume_table_issue (WherryResumeTable *self, guint64 member, guint8 *hash);
/* One that was issued before the process was. */
void wherry_resume_table_add (WherryResumeTable *self, guint64 member, const guint8 *hash);
/* The member has the newest: those before it are worth nothing any more. */
void wherry_resume_table_confirm (WherryResumeTable *self, guint64 member);
/* Somebody came with it: one that was issued behind it never arrived, and is worth nothing. hash:
 * (out): its own */
void wherry_resume_table_use (WherryResumeTable *self, const char *token, guint8 *hash);
/* Whose it is; 0: nobody's. */
guint64 wherry_resume_table_lookup (WherryResumeTable *self, const char *token);
/* The member's are worth nothing any more. */
void wherry_resume_table_forget (WherryResumeTable *self, guint64 member);
guint wherry_resume_table_get_n (WherryResumeTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryResumeTable, wherry_resume_table_free)

G_END_DECLS
