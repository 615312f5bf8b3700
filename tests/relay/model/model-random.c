/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "model.h"

void
model_random_init (ModelRandom *self, guint64 seed)
{
  self->state = seed * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + 1;
}

/* splitmix64: neighbouring seeds have nothing in common */
guint
model_random (ModelRandom *self, guint n)
{
  guint64 z = self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  z ^= z >> 31;
  return (guint) ((z >> 11) % n);
}
