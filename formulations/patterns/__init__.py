"""Training as a convex program over activation patterns: which rows are active in which cone of directions.

After Pilanci and Ergen (2020), Sahiner et al. (2021) and Bai, Gautam and Sojoudi (2023).
"""
