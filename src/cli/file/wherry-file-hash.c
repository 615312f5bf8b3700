/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-hash.h"

#include <errno.h>
#include <unistd.h>

#include <gnutls/crypto.h>

#define PIECE (64 * 1024)

struct _WherryFileHash
{
  gnutls_hash_hd_t handle;
};

WherryFileHash *
wherry_file_hash_new (void)
{
  WherryFileHash *self = g_new0 (WherryFileHash, 1);

  if (gnutls_hash_init (&self->handle, GNUTLS_DIG_SHA256) < 0)
    g_error ("GnuTLS has no SHA-256");
  return self;
}

void
wherry_file_hash_free (WherryFileHash *self)
{
  gnutls_hash_deinit (self->handle, NULL);
  g_free (self);
}

void
wherry_file_hash_update (WherryFileHash *self, const void *data, gsize length)
{
  gnutls_hash (self->handle, data, length);
}

void
wherry_file_hash_peek (WherryFileHash *self, guint8 digest[WHERRY_FILE_HASH_SIZE])
{
  gnutls_hash_hd_t copy = gnutls_hash_copy (self->handle);

  if (copy == NULL)
    g_error ("GnuTLS cannot copy a hash");
  gnutls_hash_deinit (copy, digest);
}

gssize
wherry_file_hash_read (WherryFileHash *self, int fd, gsize max)
{
  g_autofree guint8 *piece = g_malloc (PIECE);
  gsize done = 0;

  while (done < max)
    {
      gssize n = read (fd, piece, MIN (max - done, PIECE));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      wherry_file_hash_update (self, piece, (gsize) n);
      done += (gsize) n;
    }
  return (gssize) done;
}
