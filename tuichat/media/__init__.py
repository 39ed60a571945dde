"""What files hold: types by their first bytes, sizes of pictures, and the metadata that is taken out of them.

Nothing here decodes, opens, extracts or runs a file in this process.
"""
