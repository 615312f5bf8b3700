/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "wire/wherry-message.h"

struct _WherryMessage
{
  /* any thread: internally locked or atomic */
  gatomicrefcount ref_count;
  /* immutable after construction: any thread reads */
  WherryMessageKind kind;
  gsize length;
  const guint8 *data;   /* inside this allocation, or taken */
  guint8 *taken;        /* to free, or NULL */
  GBytes *bytes;        /* to release, or NULL */
  WherryMessage *of;    /* whose data it is, or NULL */
  WherryBudget *budget; /* or NULL */
  WherryStamp stamp;
  guint8 copy[];
};

static WherryMessage *
message_alloc (WherryMessageKind kind, gsize length, gsize extra, WherryBudget *budget)
{
  WherryMessage *self = g_malloc (G_STRUCT_OFFSET (WherryMessage, copy) + extra);

  wherry_ref_init (&self->ref_count);
  self->kind = kind;
  self->length = length;
  self->data = self->copy;
  self->taken = NULL;
  self->bytes = NULL;
  self->of = NULL;
  self->budget = NULL;
  self->stamp = (WherryStamp){ 0 };
  if (budget != NULL)
    {
      self->budget = wherry_budget_ref (budget);
      wherry_budget_charge (budget, length + WHERRY_MESSAGE_OVERHEAD);
    }
  return self;
}

WherryMessage *
wherry_message_new (WherryMessageKind kind, const guint8 *data, gsize length, WherryBudget *budget)
{
  WherryMessage *self;

  g_return_val_if_fail (data != NULL || length == 0, NULL);

  self = message_alloc (kind, length, length, budget);
  if (length > 0)
    memcpy (self->copy, data, length);
  return self;
}

WherryMessage *
wherry_message_new_take (WherryMessageKind kind, guint8 *data, gsize length, WherryBudget *budget)
{
  WherryMessage *self;

  g_return_val_if_fail (data != NULL || length == 0, NULL);

  self = message_alloc (kind, length, 0, budget);
  if (data != NULL)
    {
      self->taken = data;
      self->data = data;
    }
  return self;
}

WherryMessage *
wherry_message_new_bytes (WherryMessageKind kind, GBytes *bytes, WherryBudget *budget)
{
  WherryMessage *self;
  const guint8 *data;
  gsize length = 0;

  g_return_val_if_fail (bytes != NULL, NULL);

  data = g_bytes_get_data (bytes, &length);
  self = message_alloc (kind, length, 0, budget);
  self->bytes = g_bytes_ref (bytes);
  if (data != NULL)
    self->data = data;
  return self;
}

WherryMessage *
wherry_message_new_stamped (WherryMessage *of, gsize offset, WherryMessageKind kind,
                            const WherryStamp *stamp)
{
  WherryMessage *self;

  g_return_val_if_fail (of != NULL && offset <= of->length, NULL);

  self = message_alloc (kind, of->length - offset, 0, NULL);
  self->of = wherry_message_ref (of);
  self->data = of->data + offset;
  self->stamp = *stamp;
  return self;
}

const WherryStamp *
wherry_message_get_stamp (const WherryMessage *self)
{
  return &self->stamp;
}

static void
release_bytes (gpointer data)
{
  wherry_message_unref (data);
}

GBytes *
wherry_message_get_bytes (WherryMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_bytes_new_with_free_func (self->data, self->length, release_bytes,
                                     wherry_message_ref (self));
}

WherryMessage *
wherry_message_ref (WherryMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_message_unref (WherryMessage *self)
{
  g_return_if_fail (self != NULL);

  if (!wherry_ref_dec (&self->ref_count))
    return;

  if (self->budget != NULL)
    {
      wherry_budget_release (self->budget, self->length + WHERRY_MESSAGE_OVERHEAD);
      wherry_budget_unref (self->budget);
    }
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->of, wherry_message_unref);
  g_free (self->taken);
  g_free (self);
}

WherryMessageKind
wherry_message_get_kind (const WherryMessage *self)
{
  g_return_val_if_fail (self != NULL, WHERRY_MESSAGE_BINARY);

  return self->kind;
}

const guint8 *
wherry_message_get_data (const WherryMessage *self, gsize *length)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (length != NULL)
    *length = self->length;
  return self->data;
}

gsize
wherry_message_get_length (const WherryMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->length;
}

gsize
wherry_message_get_charge (const WherryMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->length + WHERRY_MESSAGE_OVERHEAD;
}

guint32
wherry_message_get_ppid (const WherryMessage *self)
{
  g_return_val_if_fail (self != NULL, WHERRY_PPID_BINARY);

  /* RFC 8831 section 6.6: SCTP has no empty user message, so an empty one goes as one byte under a
   * PPID that says so. */
  switch (self->kind)
    {
    case WHERRY_MESSAGE_TEXT:
      return self->length == 0 ? WHERRY_PPID_STRING_EMPTY : WHERRY_PPID_STRING;
    case WHERRY_MESSAGE_BINARY:
      return self->length == 0 ? WHERRY_PPID_BINARY_EMPTY : WHERRY_PPID_BINARY;
    case WHERRY_MESSAGE_CONTROL:
      return WHERRY_PPID_DCEP;
    default:
      g_return_val_if_reached (WHERRY_PPID_BINARY);
    }
}

gboolean
wherry_message_kind_from_ppid (guint32 ppid, WherryMessageKind *kind, gboolean *empty)
{
  *empty = ppid == WHERRY_PPID_STRING_EMPTY || ppid == WHERRY_PPID_BINARY_EMPTY;
  switch (ppid)
    {
    case WHERRY_PPID_DCEP:
      *kind = WHERRY_MESSAGE_CONTROL;
      return TRUE;
    case WHERRY_PPID_STRING:
    case WHERRY_PPID_STRING_PARTIAL:
    case WHERRY_PPID_STRING_EMPTY:
      *kind = WHERRY_MESSAGE_TEXT;
      return TRUE;
    case WHERRY_PPID_BINARY:
    case WHERRY_PPID_BINARY_PARTIAL:
    case WHERRY_PPID_BINARY_EMPTY:
      *kind = WHERRY_MESSAGE_BINARY;
      return TRUE;
    default:
      return FALSE;
    }
}
