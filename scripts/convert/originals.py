"""The networks of the original releases in short form, with the originals' module names, for self_check.py: what CompVis'
latent-diffusion (openaimodel.py, model.py, attention.py), the DDPM PyTorch code and OpenCLIP compute. Only for comparing."""
import collections
import math

import torch
import torch.nn.functional as F
from torch import nn


def sinusoids(t, width, cosine_first):
    half = width // 2
    rates = torch.exp(-math.log(10000) * torch.arange(half) / (half if cosine_first else half - 1))
    angles = t[:, None].float() * rates[None]
    return torch.cat([angles.cos(), angles.sin()] if cosine_first else [angles.sin(), angles.cos()], dim=1)


# openaimodel.py and attention.py
class CrossAttention(nn.Module):
    def __init__(self, width, context, heads):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context, width, bias=False)
        self.to_v = nn.Linear(context, width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width), nn.Dropout(0))

    def forward(self, x, context=None):
        context = x if context is None else context
        split = lambda y: y.view(y.shape[0], y.shape[1], self.heads, -1).transpose(1, 2)
        q, k, v = split(self.to_q(x)), split(self.to_k(context)), split(self.to_v(context))
        weights = (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).softmax(-1)
        return self.to_out((weights @ v).transpose(1, 2).reshape(x.shape))


class GEGLU(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x):
        x, gate = self.proj(x).chunk(2, dim=-1)
        return x * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.Sequential(GEGLU(width, 4 * width), nn.Dropout(0), nn.Linear(4 * width, width))

    def forward(self, x):
        return self.net(x)


class BasicTransformerBlock(nn.Module):
    def __init__(self, width, context, heads):
        super().__init__()
        self.attn1 = CrossAttention(width, width, heads)
        self.ff = FeedForward(width)
        self.attn2 = CrossAttention(width, context, heads)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x, context):
        x = self.attn1(self.norm1(x)) + x
        x = self.attn2(self.norm2(x), context) + x
        return self.ff(self.norm3(x)) + x


class SpatialTransformer(nn.Module):
    def __init__(self, width, context, heads, depth, linear):
        super().__init__()
        self.linear = linear
        self.norm = nn.GroupNorm(32, width, eps=1e-6)
        self.proj_in = nn.Linear(width, width) if linear else nn.Conv2d(width, width, 1)
        self.transformer_blocks = nn.ModuleList(BasicTransformerBlock(width, context, heads) for _ in range(depth))
        self.proj_out = nn.Linear(width, width) if linear else nn.Conv2d(width, width, 1)

    def forward(self, x, emb, context):
        b, c, h, w = x.shape
        flat = lambda y: y.reshape(b, c, h * w).transpose(1, 2)
        y = self.norm(x)
        y = self.proj_in(flat(y)) if self.linear else flat(self.proj_in(y))
        for block in self.transformer_blocks:
            y = block(y, context)
        unflat = lambda z: z.transpose(1, 2).reshape(b, c, h, w)
        return x + (unflat(self.proj_out(y)) if self.linear else self.proj_out(unflat(y)))


class ResBlock(nn.Module):
    def __init__(self, width, emb, out):
        super().__init__()
        self.in_layers = nn.Sequential(nn.GroupNorm(32, width), nn.SiLU(), nn.Conv2d(width, out, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(emb, out))
        self.out_layers = nn.Sequential(nn.GroupNorm(32, out), nn.SiLU(), nn.Dropout(0), nn.Conv2d(out, out, 3, padding=1))
        self.skip_connection = nn.Identity() if width == out else nn.Conv2d(width, out, 1)

    def forward(self, x, emb, context):
        h = self.in_layers(x) + self.emb_layers(emb)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class Op(nn.Module):
    """Downsample and Upsample of openaimodel.py."""

    def __init__(self, width, down):
        super().__init__()
        if down:
            self.op = nn.Conv2d(width, width, 3, stride=2, padding=1)
        else:
            self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.down = down

    def forward(self, x, emb, context):
        return self.op(x) if self.down else self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class First(nn.Conv2d):
    def forward(self, x, emb, context):
        return super().forward(x)


class UNetModel(nn.Module):
    def __init__(self, channels, model_channels, mult, layers, attention, context, heads, linear, depth, added=0):
        super().__init__()
        emb = 4 * model_channels
        self.model_channels = model_channels
        self.time_embed = nn.Sequential(nn.Linear(model_channels, emb), nn.SiLU(), nn.Linear(emb, emb))
        if added:
            self.label_emb = nn.Sequential(nn.Sequential(nn.Linear(added, emb), nn.SiLU(), nn.Linear(emb, emb)))
        transformer = lambda width, level: SpatialTransformer(width, context, heads or width // 64, depth[level], linear)
        blocks, skips, width = [nn.ModuleList([First(channels, model_channels, 3, padding=1)])], [model_channels], model_channels
        for level, factor in enumerate(mult):
            for _ in range(layers):
                parts = [ResBlock(width, emb, factor * model_channels)]
                width = factor * model_channels
                if level in attention:
                    parts.append(transformer(width, level))
                blocks.append(nn.ModuleList(parts))
                skips.append(width)
            if level + 1 < len(mult):
                blocks.append(nn.ModuleList([Op(width, True)]))
                skips.append(width)
        self.input_blocks = nn.ModuleList(blocks)
        last = len(mult) - 1
        self.middle_block = nn.ModuleList([ResBlock(width, emb, width), transformer(width, last), ResBlock(width, emb, width)])
        blocks = []
        for level in reversed(range(len(mult))):
            for layer in range(layers + 1):
                parts = [ResBlock(width + skips.pop(), emb, mult[level] * model_channels)]
                width = mult[level] * model_channels
                if level in attention:
                    parts.append(transformer(width, level))
                if level and layer == layers:
                    parts.append(Op(width, False))
                blocks.append(nn.ModuleList(parts))
        self.output_blocks = nn.ModuleList(blocks)
        self.out = nn.Sequential(nn.GroupNorm(32, width), nn.SiLU(), nn.Conv2d(width, channels, 3, padding=1))

    def forward(self, x, t, context, added=None):
        emb = self.time_embed(sinusoids(t, self.model_channels, cosine_first=True))
        if added is not None:
            emb = emb + self.label_emb(added)
        skips = []
        for block in self.input_blocks:
            for part in block:
                x = part(x, emb, context)
            skips.append(x)
        for part in self.middle_block:
            x = part(x, emb, context)
        for block in self.output_blocks:
            x = torch.cat([x, skips.pop()], dim=1)
            for part in block:
                x = part(x, emb, context)
        return self.out(x)


# model.py (autoencoders, and the DDPM UNet it comes from)
class ResnetBlock(nn.Module):
    def __init__(self, width, out, temb):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(32, width, eps=1e-6), nn.Conv2d(width, out, 3, padding=1)
        if temb:
            self.temb_proj = nn.Linear(temb, out)
        self.norm2, self.conv2 = nn.GroupNorm(32, out, eps=1e-6), nn.Conv2d(out, out, 3, padding=1)
        if width != out:
            self.nin_shortcut = nn.Conv2d(width, out, 1)

    def forward(self, x, temb=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if temb is not None:
            h = h + self.temb_proj(F.silu(temb))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + h


class AttnBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(32, width, eps=1e-6)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(width, width, 1) for _ in range(4))

    def forward(self, x):
        b, c, h, w = x.shape
        y = self.norm(x)
        q, k, v = (m(y).reshape(b, c, h * w) for m in (self.q, self.k, self.v))
        weights = (q.transpose(1, 2) @ k * c ** -0.5).softmax(dim=2)
        return x + self.proj_out((v @ weights.transpose(1, 2)).reshape(b, c, h, w))


class Sample(nn.Module):
    def __init__(self, width, down):
        super().__init__()
        self.down = down
        self.conv = nn.Conv2d(width, width, 3, stride=2) if down else nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)) if self.down else F.interpolate(x, scale_factor=2.0, mode="nearest"))


def level_of(width_in, width_out, layers, attention, temb, skips=None):
    level = nn.Module()
    level.block, level.attn = nn.ModuleList(), nn.ModuleList()
    for _ in range(layers):
        level.block.append(ResnetBlock(width_in + (skips.pop() if skips else 0), width_out, temb))
        width_in = width_out
        if attention:
            level.attn.append(AttnBlock(width_out))
    return level


def middle_of(width, temb, attention=True):
    mid = nn.Module()
    mid.block_1, mid.block_2 = ResnetBlock(width, width, temb), ResnetBlock(width, width, temb)
    if attention:
        mid.attn_1 = AttnBlock(width)
    return mid


class Model(nn.Module):
    """The DDPM UNet (ermongroup/ddim, pesser/pytorch_diffusion)."""

    def __init__(self, channels, ch, mult, layers, attention):
        super().__init__()
        self.ch, self.levels, self.layers = ch, len(mult), layers
        self.temb = nn.Module()
        self.temb.dense = nn.ModuleList([nn.Linear(ch, 4 * ch), nn.Linear(4 * ch, 4 * ch)])
        self.conv_in = nn.Conv2d(channels, ch, 3, padding=1)
        widths, skips, width = [factor * ch for factor in mult], [ch], ch
        self.down, up = nn.ModuleList(), []
        for i, out in enumerate(widths):
            level = level_of(width, out, layers, i in attention, 4 * ch)
            width = out
            skips += [out] * layers
            if i + 1 < self.levels:
                level.downsample = Sample(out, True)
                skips.append(out)
            self.down.append(level)
        self.mid = middle_of(width, 4 * ch)
        for i in reversed(range(self.levels)):
            level = level_of(width, widths[i], layers + 1, i in attention, 4 * ch, skips)
            width = widths[i]
            if i:
                level.upsample = Sample(width, False)
            up.insert(0, level)
        self.up = nn.ModuleList(up)
        self.norm_out, self.conv_out = nn.GroupNorm(32, width, eps=1e-6), nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, x, t):
        temb = self.temb.dense[1](F.silu(self.temb.dense[0](sinusoids(t, self.ch, cosine_first=False))))
        hs = [self.conv_in(x)]
        for i, level in enumerate(self.down):
            for j, block in enumerate(level.block):
                h = block(hs[-1], temb)
                hs.append(level.attn[j](h) if len(level.attn) else h)
            if i + 1 < self.levels:
                hs.append(level.downsample(hs[-1]))
        h = self.mid.block_2(self.mid.attn_1(self.mid.block_1(hs[-1], temb)), temb)
        for i in reversed(range(self.levels)):
            for j, block in enumerate(self.up[i].block):
                h = block(torch.cat([h, hs.pop()], dim=1), temb)
                h = self.up[i].attn[j](h) if len(self.up[i].attn) else h
            if i:
                h = self.up[i].upsample(h)
        return self.conv_out(F.silu(self.norm_out(h)))


class Encoder(nn.Module):
    def __init__(self, ch, mult, layers, out):
        super().__init__()
        self.conv_in = nn.Conv2d(3, ch, 3, padding=1)
        self.down, width = nn.ModuleList(), ch
        for i, factor in enumerate(mult):
            level = level_of(width, factor * ch, layers, False, 0)
            width = factor * ch
            if i + 1 < len(mult):
                level.downsample = Sample(width, True)
            self.down.append(level)
        self.mid = middle_of(width, 0)
        self.norm_out, self.conv_out = nn.GroupNorm(32, width, eps=1e-6), nn.Conv2d(width, out, 3, padding=1)

    def forward(self, h):
        h = self.conv_in(h)
        for level in self.down:
            for block in level.block:
                h = block(h)
            h = level.downsample(h) if hasattr(level, "downsample") else h
        h = self.mid.block_2(self.mid.attn_1(self.mid.block_1(h)))
        return self.conv_out(F.silu(self.norm_out(h)))


class Decoder(nn.Module):
    def __init__(self, ch, mult, layers, latent):
        super().__init__()
        width = mult[-1] * ch
        self.conv_in = nn.Conv2d(latent, width, 3, padding=1)
        self.mid = middle_of(width, 0)
        up = []
        for i in reversed(range(len(mult))):
            level = level_of(width, mult[i] * ch, layers + 1, False, 0)
            width = mult[i] * ch
            if i:
                level.upsample = Sample(width, False)
            up.insert(0, level)
        self.up = nn.ModuleList(up)
        self.norm_out, self.conv_out = nn.GroupNorm(32, width, eps=1e-6), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, h):
        h = self.conv_in(h)
        h = self.mid.block_2(self.mid.attn_1(self.mid.block_1(h)))
        for level in reversed(self.up):
            for block in level.block:
                h = block(h)
            h = level.upsample(h) if hasattr(level, "upsample") else h
        return self.conv_out(F.silu(self.norm_out(h)))


class Autoencoder(nn.Module):
    def __init__(self, ch, mult, layers, latent, codes=0):
        super().__init__()
        moments = latent if codes else 2 * latent
        self.encoder, self.decoder = Encoder(ch, mult, layers, moments), Decoder(ch, mult, layers, latent)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(moments, moments, 1), nn.Conv2d(latent, latent, 1)
        if codes:
            self.quantize = nn.Module()
            self.quantize.embedding = nn.Embedding(codes, latent)

    def encode(self, x):
        return self.quant_conv(self.encoder(x))

    def decode(self, z):
        return self.decoder(self.post_quant_conv(z))


# OpenCLIP's text tower
class ResidualAttentionBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(collections.OrderedDict(c_fc=nn.Linear(width, 4 * width), gelu=nn.GELU(), c_proj=nn.Linear(4 * width, width)))

    def forward(self, x, mask):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class OpenClipText(nn.Module):
    def __init__(self, vocabulary, width, heads, layers, projection):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(77, width) * 0.1)
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(ResidualAttentionBlock(width, heads) for _ in range(layers))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, projection) * width ** -0.5)
        self.logit_scale = nn.Parameter(torch.ones([]))

    def forward(self, ids, skipped):
        """Hidden states after all but `skipped` layers, and the projected state of the end token after all of them."""
        mask = torch.full((77, 77), float("-inf")).triu(1)
        x = self.token_embedding(ids) + self.positional_embedding
        states = []
        for block in self.transformer.resblocks:
            x = block(x, mask)
            states.append(x)
        pooled = self.ln_final(x)[torch.arange(len(ids)), ids.argmax(-1)] @ self.text_projection
        return states[len(states) - 1 - skipped], pooled
