/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-wire.h"

/* SHA-256 that can be asked in between. (GChecksum is five times as slow as GnuTLS here.) */
typedef struct _WherryFileHash WherryFileHash;

WherryFileHash *wherry_file_hash_new (void);
void wherry_file_hash_free (WherryFileHash *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileHash, wherry_file_hash_free)
void wherry_file_hash_update (WherryFileHash *self, const void *data, gsize length);
/* The digest of what it had so far; more may follow. */
void wherry_file_hash_peek (WherryFileHash *self, guint8 digest[WHERRY_FILE_HASH_SIZE]);
/*
 * Reads on from @fd, where it stands, at most @max bytes: how many, 0 at the end, -1 with errno.
 */
gssize wherry_file_hash_read (WherryFileHash *self, int fd, gsize max);
