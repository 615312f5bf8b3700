/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-wire.h"

#include <string.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"

#define ENTRY_HEAD 20 /* kind, mode, modified, size, length of the path */

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_PROTOCOL,
               "the other side does not speak the protocol: %s", what);
  return FALSE;
}

static guint64
read_number (const guint8 *data, gsize bytes)
{
  guint64 number = 0;

  for (gsize i = 0; i < bytes; i++)
    number = number << 8 | data[i];
  return number;
}

static void
append_number (GByteArray *array, guint64 number, guint bytes)
{
  guint8 data[8];

  for (guint i = 0; i < bytes; i++)
    data[i] = (guint8) (number >> (8 * (bytes - 1 - i)));
  g_byte_array_append (array, data, bytes);
}

/* ---- greetings ---- */

gboolean
wherry_file_greeting_parse (WherryFileGreeting *self, const guint8 *data, gsize length,
                            GError **error)
{
  gsize body = WHERRY_FILE_NONCE_SIZE;

  memset (self, 0, sizeof *self);
  if (length < 2 || data[0] < WHERRY_FILE_GREETING_HERE || data[0] > WHERRY_FILE_GREETING_REFUSED)
    return refuse (error, "no greeting");
  self->type = data[0];
  self->version = data[1];
  if (self->version != WHERRY_FILE_VERSION)
    return TRUE;
  data += 2;
  length -= 2;
  if (self->type == WHERRY_FILE_GREETING_HERE)
    return length == 0 || refuse (error, "a longer “here”");
  if (self->type == WHERRY_FILE_GREETING_REFUSED)
    body += 1;
  else
    body += WHERRY_FILE_PROOF_SIZE;
  if (self->type == WHERRY_FILE_GREETING_WELCOME)
    body += WHERRY_FILE_NONCE_SIZE;
  if (length != body)
    return refuse (error, "a greeting of a wrong length");
  memcpy (self->receiver_nonce, data, WHERRY_FILE_NONCE_SIZE);
  data += WHERRY_FILE_NONCE_SIZE;
  if (self->type == WHERRY_FILE_GREETING_REFUSED)
    {
      self->refusal = data[0];
      return TRUE;
    }
  if (self->type == WHERRY_FILE_GREETING_WELCOME)
    {
      memcpy (self->sender_nonce, data, WHERRY_FILE_NONCE_SIZE);
      data += WHERRY_FILE_NONCE_SIZE;
    }
  memcpy (self->proof, data, WHERRY_FILE_PROOF_SIZE);
  return TRUE;
}

GBytes *
wherry_file_greeting_write (const WherryFileGreeting *self)
{
  GByteArray *bytes = g_byte_array_new ();

  append_number (bytes, self->type, 1);
  append_number (bytes, WHERRY_FILE_VERSION, 1);
  if (self->type != WHERRY_FILE_GREETING_HERE)
    g_byte_array_append (bytes, self->receiver_nonce, WHERRY_FILE_NONCE_SIZE);
  if (self->type == WHERRY_FILE_GREETING_WELCOME)
    g_byte_array_append (bytes, self->sender_nonce, WHERRY_FILE_NONCE_SIZE);
  if (self->type == WHERRY_FILE_GREETING_REFUSED)
    append_number (bytes, self->refusal, 1);
  else if (self->type != WHERRY_FILE_GREETING_HERE)
    g_byte_array_append (bytes, self->proof, WHERRY_FILE_PROOF_SIZE);
  return g_byte_array_free_to_bytes (bytes);
}

/* ---- records ---- */

/* What a record holds, in this order. */
typedef struct
{
  guint8 type;
  gboolean number, size, flag, hash;
  gsize min, max; /* of the bytes behind that */
} Layout;

static const Layout layouts[] = {
  { WHERRY_FILE_RECORD_OFFER, TRUE, TRUE, FALSE, FALSE, 0, 0 },
  { WHERRY_FILE_RECORD_ENTRIES, FALSE, FALSE, FALSE, FALSE, ENTRY_HEAD, WHERRY_FILE_DATA_MAX },
  { WHERRY_FILE_RECORD_PLAN, TRUE, FALSE, FALSE, TRUE, 0, 0 },
  { WHERRY_FILE_RECORD_FILE, TRUE, TRUE, FALSE, FALSE, 0, 0 },
  { WHERRY_FILE_RECORD_DATA, FALSE, FALSE, FALSE, FALSE, 1, WHERRY_FILE_DATA_MAX },
  { WHERRY_FILE_RECORD_END, FALSE, FALSE, FALSE, TRUE, 0, 0 },
  { WHERRY_FILE_RECORD_DONE, FALSE, FALSE, FALSE, FALSE, 0, 0 },
  { WHERRY_FILE_RECORD_ABORT, FALSE, FALSE, TRUE, FALSE, 0, WHERRY_FILE_TEXT_MAX },
  { WHERRY_FILE_RECORD_CONNECT, FALSE, FALSE, FALSE, FALSE, 1, WHERRY_FILE_DATA_MAX },
  { WHERRY_FILE_RECORD_CONNECTED, FALSE, FALSE, FALSE, FALSE, 1, WHERRY_FILE_DATA_MAX },
  { WHERRY_FILE_RECORD_READY, TRUE, FALSE, FALSE, FALSE, 0, 0 },
  { WHERRY_FILE_RECORD_HAVE, TRUE, TRUE, FALSE, FALSE, 0, 0 },
  { WHERRY_FILE_RECORD_WANT, FALSE, FALSE, FALSE, FALSE, 0, WHERRY_FILE_ENTRIES_MAX / 8 },
  { WHERRY_FILE_RECORD_ACK, FALSE, TRUE, FALSE, FALSE, 0, 0 },
  { WHERRY_FILE_RECORD_SAVED, FALSE, FALSE, FALSE, FALSE, 0, 0 },
};

/* (nullable) */
static const Layout *
find_layout (guint8 type)
{
  for (guint i = 0; i < G_N_ELEMENTS (layouts); i++)
    if (layouts[i].type == type)
      return &layouts[i];
  return NULL;
}

static gsize
measure_head (const Layout *layout)
{
  return (layout->number ? 4 : 0) + (layout->size ? 8 : 0) + (layout->flag ? 1 : 0)
         + (layout->hash ? WHERRY_FILE_HASH_SIZE : 0);
}

gboolean
wherry_file_record_parse (WherryFileRecord *self, const guint8 *data, gsize length, GError **error)
{
  const Layout *layout = length > 0 ? find_layout (data[0]) : NULL;
  gsize head;

  memset (self, 0, sizeof *self);
  if (layout == NULL)
    return refuse (error, "a record that is unknown");
  head = measure_head (layout);
  data += 1;
  length -= 1;
  if (length < head + layout->min || length > head + layout->max)
    return refuse (error, "a record of a wrong length");
  self->type = layout->type;
  if (layout->number)
    {
      self->number = (guint32) read_number (data, 4);
      data += 4;
    }
  if (layout->size)
    {
      self->size = read_number (data, 8);
      data += 8;
    }
  if (layout->flag)
    self->flag = *data++;
  if (layout->hash)
    {
      self->hash = data;
      data += WHERRY_FILE_HASH_SIZE;
    }
  self->bytes = data;
  self->length = length - head;
  return TRUE;
}

GBytes *
wherry_file_record_write (const WherryFileRecord *self)
{
  const Layout *layout = find_layout (self->type);
  GByteArray *bytes;

  g_return_val_if_fail (layout != NULL, NULL);
  bytes = g_byte_array_sized_new (1 + measure_head (layout) + self->length);
  append_number (bytes, self->type, 1);
  if (layout->number)
    append_number (bytes, self->number, 4);
  if (layout->size)
    append_number (bytes, self->size, 8);
  if (layout->flag)
    append_number (bytes, self->flag, 1);
  if (layout->hash)
    g_byte_array_append (bytes, self->hash, WHERRY_FILE_HASH_SIZE);
  if (self->length > 0)
    g_byte_array_append (bytes, self->bytes, self->length);
  return g_byte_array_free_to_bytes (bytes);
}

/* ---- bundles ---- */

gboolean
wherry_file_bundle_has_room (const GByteArray *bundle, GBytes *record)
{
  return bundle->len + 2 + g_bytes_get_size (record) <= WHERRY_FILE_BUNDLE_MAX;
}

void
wherry_file_bundle_append (GByteArray *bundle, GBytes *record)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (record, &length);

  append_number (bundle, length, 2);
  g_byte_array_append (bundle, data, (guint) length);
}

GBytes *
wherry_file_bundle_next (GBytes *bundle, gsize *at)
{
  gsize length, record;
  const guint8 *data = g_bytes_get_data (bundle, &length);

  if (*at >= length || length - *at < 2)
    return NULL;
  record = read_number (data + *at, 2);
  if (record > length - *at - 2)
    return NULL;
  *at += 2 + record;
  return g_bytes_new_from_bytes (bundle, *at - record, record);
}

/* ---- entries ---- */

gboolean
wherry_file_entry_parse (WherryFileEntry *self, const guint8 *data, gsize length, gsize *used,
                         GError **error)
{
  memset (self, 0, sizeof *self);
  if (length < ENTRY_HEAD)
    return refuse (error, "half an entry");
  if (data[0] > 1 || data[1] > 1)
    return refuse (error, "an entry that is neither a file nor a folder");
  self->is_folder = data[0] == 1;
  self->executable = data[1] == 1;
  self->modified_ms = (gint64) read_number (data + 2, 8);
  self->size = read_number (data + 10, 8);
  self->path_length = read_number (data + 18, 2);
  if (length - ENTRY_HEAD < self->path_length)
    return refuse (error, "a path that ends too early");
  if (self->is_folder && self->size > 0)
    return refuse (error, "a folder with a size");
  self->path = (const char *) data + ENTRY_HEAD;
  *used = ENTRY_HEAD + self->path_length;
  return TRUE;
}

gsize
wherry_file_entry_measure (const WherryFileEntry *self)
{
  return ENTRY_HEAD + self->path_length;
}

void
wherry_file_entry_append (const WherryFileEntry *self, GByteArray *bytes)
{
  append_number (bytes, self->is_folder ? 1 : 0, 1);
  append_number (bytes, self->executable ? 1 : 0, 1);
  append_number (bytes, (guint64) self->modified_ms, 8);
  append_number (bytes, self->size, 8);
  append_number (bytes, self->path_length, 2);
  g_byte_array_append (bytes, (const guint8 *) self->path, self->path_length);
}
