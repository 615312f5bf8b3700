/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-number-window.h"

#include <string.h>

static guint8
bit_of (guint64 number)
{
  return (guint8) (1u << (number % 8));
}

/* A ring: those of one window have each a bit of their own. */
static guint
byte_of (guint64 number)
{
  return (guint) (number / 8 % (WHERRY_NUMBERS_AHEAD / 8));
}

gboolean
wherry_number_window_has (const WherryNumberWindow *self, guint64 number)
{
  return number <= self->all
         || (number - self->all <= WHERRY_NUMBERS_AHEAD
             && (self->ahead[byte_of (number)] & bit_of (number)) != 0);
}

static void
advance (WherryNumberWindow *self)
{
  self->all++;
  self->ahead[byte_of (self->all)] &= (guint8) ~bit_of (self->all);
}

void
wherry_number_window_take (WherryNumberWindow *self, guint64 number)
{
  if (number - self->all > 2 * WHERRY_NUMBERS_AHEAD)
    {
      memset (self->ahead, 0, sizeof self->ahead);
      self->all = number - WHERRY_NUMBERS_AHEAD;
    }
  while (number - self->all > WHERRY_NUMBERS_AHEAD)
    advance (self);
  self->ahead[byte_of (number)] |= bit_of (number);
  while (self->all < G_MAXUINT64 && wherry_number_window_has (self, self->all + 1))
    advance (self);
}
