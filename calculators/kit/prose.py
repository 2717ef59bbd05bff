"""Markdown of our own as HTML, as far as a record needs it."""

import re
from html import escape

_INLINE = ((re.compile(r"\[([^\]]*)\]\(((?:https?://|\?v=)[^\s)]+)\)"), r'<a href="\2">\1</a>'),
           (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"), (re.compile(r"`([^`]+)`"), r"<code>\1</code>"))


def prose(text: str) -> str:
    """Markdown of our own as HTML: headings, paragraphs, lists and tables; bold, code and links in them.

    Headings become paragraphs of a class, since the page around them has its own order of headings; what stands under one of
    the second rank is a part that can be told by its name.
    """
    blocks = re.split(r"\n{2,}", text.strip())
    parts: list[tuple[str, list[str]]] = [("top", [])]
    for block in blocks:
        if block.startswith("## "):
            parts.append((re.sub(r"[^a-z]+", "-", block[3:].partition("\n")[0].lower()).strip("-"), []))
        parts[-1][1].append(_block(block.split("\n")))
    return "".join(f'<div class="record-part" data-part="{name}">{"".join(held)}</div>' for name, held in parts if held)


def _block(lines: list[str]) -> str:
    heading = re.match(r"(#+) (.*)", lines[0])
    if heading:
        rest = _block(lines[1:]) if lines[1:] else ""
        return f'<p class="record-h{len(heading[1])}">{_in_line(heading[2])}</p>{rest}'
    if all(re.match(r"[-*] ", line) for line in lines):
        return f"<ul>{''.join(f'<li>{_in_line(line[2:])}</li>' for line in lines)}</ul>"
    if len(lines) > 1 and re.fullmatch(r"[|\s:-]+", lines[1]):
        head, *rows = [_cells(line) for line in [lines[0], *lines[2:]]]
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        return (f'<div class="scroll"><table><thead><tr>{"".join(f"<th>{cell}</th>" for cell in head)}</tr></thead>'
                f"<tbody>{body}</tbody></table></div>")
    return f"<p>{_in_line(' '.join(lines))}</p>"


def _cells(line: str) -> list[str]:
    return [_in_line(cell.strip().replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _in_line(text: str) -> str:
    found = escape(text)
    for pattern, html in _INLINE:
        found = pattern.sub(html, found)
    return found
